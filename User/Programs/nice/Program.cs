// nice: runs a program that gives way to others, or says how nice this one is.

int increment = 10;
int first = 0;
if (!Options.TryTakeNumber(args, "-n", ref first, ref increment))
{
    return Usage("nice [-n INCREMENT] [PROGRAM [ARGUMENT...]]");
}

if (first == args.Length)
{
    Console.WriteLine($"{Nice(0)}");
    return 0;
}

errno = 0;
if (Nice(increment) == -1 && errno != 0)
{
    return Perror("nice", "cannot change the nice value");
}

Execvp(args.AsSpan(first));
Perror("nice", args[first]);
return errno == ENOENT ? 127 : 126;
