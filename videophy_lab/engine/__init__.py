"""Run scorers over many videos: what is asked, what is still missing, and who does it."""
