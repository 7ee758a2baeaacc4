// mount: mounts a file system, or says what is mounted.

if (args.Length == 0)
{
    byte[] mounts = new byte[4096];
    int length = ReadFile("/proc/mounts", mounts);
    return length < 0 ? Perror("mount", "/proc/mounts") : WriteAll(1, mounts.AsSpan(0, length)) < 0 ? 1 : 0;
}

if (args.Length != 4 || args[0] != "-t")
{
    return Usage("mount [-t TYPE SOURCE DIRECTORY]");
}

return Mount(args[2], args[3], args[1]) < 0 ? Perror("mount", args[3]) : 0;
