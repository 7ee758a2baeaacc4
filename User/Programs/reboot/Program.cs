// reboot: starts the machine again.

Sync();
Reboot(RebootCommand.Restart);
return Perror("reboot", "reboot");
