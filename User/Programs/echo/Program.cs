// echo: writes its arguments. -n: without an end of line.

int first = args.Length > 0 && args[0] == "-n" ? 1 : 0;
for (int i = first; i < args.Length; i++)
{
    Console.Write(i == first ? "" : " ");
    Console.Write(args[i]);
}

if (first == 0)
{
    Console.WriteLine();
}

Console.Out.Flush();
return Console.Out.HasFailed ? Perror("echo", "standard output") : 0;
