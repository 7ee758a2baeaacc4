// reboot: starts the machine again, after init has ended the programs; with -f at once.

return Shutdown.Run("reboot", args, RebootCommand.Restart, SIGTERM);
