// AsmGen: assembly sources from the metadata of compiled C#.
//
//   AsmGen offsets KERNEL.dll OUT.inc              constants of CSharpOS.Arch.AsmOffsets as NASM defines
//   AsmGen tables OUT.asm DLL...          init functions ([ModuleInit], [ModuleExit]) and test suites ([TestSuite]) of the assemblies, in order
//   AsmGen module OUT.asm KERNEL.dll MODULE.dll NAME [KEY=VALUE]...   the same for a loadable module, and what it says of itself
//   AsmGen syscalls LIST OUT.asm          the tables of system calls from Kernel/Syscalls/syscalls.tbl
//
// A file whose content would not change is left alone, so that incremental builds stay incremental.

using CSharpOS.AsmGen;

try
{
    switch (args)
    {
        case ["offsets", var dll, var output]:
            Output.Write(output, Offsets.Generate(dll));
            return 0;
        case ["tables", var output, .. var assemblies] when assemblies.Length > 0:
            Output.Write(output, Tables.Generate(assemblies));
            return 0;
        case ["module", var output, var kernel, var module, var name, .. var information]:
            Output.Write(output, ModuleTables.Generate(kernel, module, name, information));
            return 0;
        case ["syscalls", var list, var output]:
            Output.Write(output, SyscallTables.Generate(list));
            return 0;
        default:
            Console.Error.WriteLine("usage: AsmGen offsets KERNEL.dll OUT.inc | AsmGen tables OUT.asm DLL... | AsmGen module OUT.asm KERNEL.dll MODULE.dll NAME [KEY=VALUE]... | AsmGen syscalls LIST OUT.asm");
            return 2;
    }
}
catch (Exception e) when (e is IOException or BadImageFormatException or InvalidDataException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"AsmGen: {e.Message}");
    return 1;
}
