"""videophy_lab."""
