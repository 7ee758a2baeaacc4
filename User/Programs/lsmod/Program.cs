// lsmod: the loaded modules, from /proc/modules.

if (args.Length > 0)
{
    return Usage("lsmod");
}

byte[] text = new byte[16384];
int length = ReadFile("/proc/modules", text);
if (length < 0)
{
    return Perror("lsmod", "/proc/modules");
}

Console.WriteLine("Module                  Size  Used by"u8);
ReadOnlySpan<byte> rest = text.AsSpan(0, length);
while (rest.Length > 0)
{
    ReadOnlySpan<byte> name = Word(ref rest, (byte)' ');
    ReadOnlySpan<byte> size = Word(ref rest, (byte)' ');
    ReadOnlySpan<byte> users = Word(ref rest, (byte)' ');
    Word(ref rest, (byte)'\n');
    Console.WriteLine($"{name,-19} {size,8}  {users}");
}

return 0;

static ReadOnlySpan<byte> Word(ref ReadOnlySpan<byte> rest, byte end)
{
    int length = rest.IndexOf(end);
    ReadOnlySpan<byte> word = length < 0 ? rest : rest.Slice(0, length);
    rest = length < 0 ? default : rest.Slice(length + 1);
    return word;
}
