from videophy_lab.torchvision_guard import guard_torchvision

# tests here import transformers themselves
guard_torchvision()
