// poweroff: switches the machine off.

Sync();
Reboot(RebootCommand.PowerOff);
return Perror("poweroff", "reboot");
