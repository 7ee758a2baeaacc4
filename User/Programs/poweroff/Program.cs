// poweroff: switches the machine off, after init has ended the programs; with -f at once.

return Shutdown.Run("poweroff", args, RebootCommand.PowerOff, SIGUSR2);
