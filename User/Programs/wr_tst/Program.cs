// wr_tst: writes to a device once, 1024 bytes or as many as it is told, the courseware's writer for sleepy.

const int DefaultSize = 1024;
const int LargestSize = 1 << 20;

int size = DefaultSize;
if (args.Length is 0 or > 2 || (args.Length == 2 && (!Number.TryParse(args[1], out size) || size is < 0 or > LargestSize)))
{
    return Usage("wr_tst DEVICE [BYTES]");
}

int descriptor = Open(args[0], O_WRONLY);
if (descriptor < 0)
{
    return Perror("wr_tst", args[0]);
}

int written = Write(descriptor, new byte[size]);
if (written < 0)
{
    return Perror("wr_tst", args[0]);
}

Console.WriteLine($"{args[0]}:: wrote {written} bytes");
Close(descriptor);
return 0;
