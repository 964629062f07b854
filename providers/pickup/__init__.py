"""Sources of files that connections fetch by themselves: an SFTP server, a mailbox."""
