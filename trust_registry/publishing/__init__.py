"""Publishing (发布): from statements and approvals to files in force; denials; whether what is shown would be taken."""
