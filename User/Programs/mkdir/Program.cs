// mkdir: makes directories. -p: also those above, and no complaint about one that is there.

if (!Options.TryParse(args, "p", out uint flags, out int first) || first == args.Length)
{
    return Usage("mkdir [-p] DIRECTORY...");
}

int status = 0;
for (int i = first; i < args.Length; i++)
{
    for (int slash = args[i].IndexOf('/', 1 < args[i].Length ? 1 : 0); flags != 0 && slash > 0; slash = args[i].IndexOf('/', slash + 1))
    {
        Mkdir(args[i].Substring(0, slash), 0x1ff);
    }

    if (Mkdir(args[i], 0x1ff) < 0 && (flags == 0 || errno != EEXIST))
    {
        status = Perror("mkdir", args[i]);
    }
}

return status;
