// rd_tst: opens a device and reads from it once, the courseware's reader for sleepy.

const int Size = 1024;

if (args.Length != 1)
{
    return Usage("rd_tst DEVICE");
}

int descriptor = Open(args[0], O_RDONLY);
if (descriptor < 0)
{
    return Perror("rd_tst", args[0]);
}

Console.WriteLine($"device opened: fd={descriptor}");
byte[] buffer = new byte[Size];
int got = Read(descriptor, buffer);
if (got < 0)
{
    return Perror("rd_tst", args[0]);
}

Console.WriteLine($"{args[0]} [{Getpid()}]:: read {got} bytes: buf is:");
Close(descriptor);
return 0;
