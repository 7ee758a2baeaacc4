// sync: writes out what is only in memory.

return Sync() < 0 ? Perror("sync", "sync") : 0;
