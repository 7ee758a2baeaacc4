// insmod: loads a module into the kernel. Words behind the file are parameters of the module: KEY=VALUE.

if (args.Length == 0)
{
    return Usage("insmod FILE [KEY=VALUE]...");
}

StringBuilder words = new();
for (int i = 1; i < args.Length; i++)
{
    words.Append(i == 1 ? "" : " ");
    words.Append(args[i]);
}

int descriptor = Open(args[0], O_RDONLY);
if (descriptor < 0 || Stat(args[0], out Stat file) < 0)
{
    return Perror("insmod", args[0]);
}

byte[] image = new byte[(int)file.Size];
int length = 0;
int got;
while (length < image.Length && (got = Read(descriptor, image.AsSpan(length))) > 0)
{
    length += got;
}

Close(descriptor);
if (InitModule(image.AsSpan(0, length), words.ToString()) == 0)
{
    return 0;
}

ReadOnlySpan<byte> reason = errno switch
{
    ENOEXEC => "Invalid module format"u8,
    ENOENT => "Unknown symbol in module"u8,
    EEXIST => "Module is loaded already"u8,
    EPERM => "Operation not permitted"u8,
    _ => Strerror(errno),
};
Console.Error.WriteLine($"insmod: error inserting '{args[0]}': {-errno} {reason}");
return 1;
