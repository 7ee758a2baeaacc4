Console.WriteLine($"hello, {args.Length} arguments");
List<string> all = new();
foreach (string argument in args)
{
    all.Add(argument + "!");
}

foreach (string argument in all)
{
    Console.WriteLine($"[{argument,10}]");
}

return args.Length;
