"""Setting up and looking after a server, done as the project's own files and pages say."""
