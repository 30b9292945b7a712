"""The pure engine, proved without any server, file or clock."""
