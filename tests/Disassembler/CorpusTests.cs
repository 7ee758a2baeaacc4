// The instructions of real programs, against the reference: the kernel when CSOS_KERNEL_ELF names its image, and what is
// found on any machine that runs these tests: the native libraries of the running .NET (C++ compiler's code), its core
// library (precompiled by the code generator that compiles the kernel as well), and two programs that every system has.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Debugging.Tests;

public class CorpusTests(ITestOutputHelper output)
{
    private const string KernelVariable = "CSOS_KERNEL_ELF";

    /// <summary>Instructions taken from one file at most.</summary>
    private const int Limit = 1_000_000;

    public static TheoryData<string> Programs()
    {
        string runtime = RuntimeEnvironment.GetRuntimeDirectory();
        string[] candidates =
        [
            Path.Combine(runtime, "libcoreclr.so"),
            Path.Combine(runtime, "libclrjit.so"),
            Path.Combine(runtime, "libSystem.Native.so"),
            Path.Combine(runtime, "System.Private.CoreLib.dll"),
            "/bin/ls",
            "/bin/bash",
        ];
        return new TheoryData<string>(candidates.Where(File.Exists));
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void InstructionsOfProgramsAgree(string path)
    {
        Count count = CompareAll(path, Limit);

        // All of the integer and SSE instructions; the rest is AVX and SSE4, which is not claimed.
        Assert.Equal(count.Covered, count.Accepted);
        Assert.True(count.Accepted > 1_000, $"only {count.Accepted} instructions in {path}");
    }

    [Fact]
    public void ThereIsACorpus() => Assert.NotEmpty(Programs());

    /// <summary>All of the kernel's instructions. Without an image the programs above stand for it.</summary>
    [Fact]
    public void InstructionsOfTheKernelAgree()
    {
        string? path = Environment.GetEnvironmentVariable(KernelVariable);
        if (string.IsNullOrEmpty(path))
        {
            output.WriteLine($"{KernelVariable} is not set: no kernel image compared");
            return;
        }

        Count count = CompareAll(path, int.MaxValue);
        Assert.Equal(count.Covered, count.Accepted);
        Assert.True(count.Accepted > 1_000, $"only {count.Accepted} instructions in {path}");
        Assert.True(count.Accepted >= count.Valid * 0.995, $"only {count.Accepted} of {count.Valid} instructions are decoded");
    }

    private Count CompareAll(string path, int limit)
    {
        Reference reference = new();
        List<string> problems = [];
        Dictionary<string, int> refused = [];
        Count count = new();
        foreach ((byte[] code, ulong address) in ExecutableSections.Read(path))
        {
            for (int offset = 0; offset < code.Length && count.Valid < limit; offset += reference.IsValid ? reference.Expected.Length : 1)
            {
                string? problem = reference.Compare(code, offset, address + (ulong)offset);
                if (problem is not null && problems.Count < 20)
                {
                    problems.Add(problem);
                }

                count.Valid += reference.IsValid ? 1 : 0;
                count.Covered += reference.IsCovered ? 1 : 0;
                count.Accepted += reference.Length != 0 ? 1 : 0;
                if (reference.IsValid && reference.Length == 0)
                {
                    string name = reference.Expected.Mnemonic.ToString();
                    refused[name] = refused.GetValueOrDefault(name) + 1;
                }
            }
        }

        output.WriteLine($"{path}: {count.Valid} instructions, {count.Covered} claimed, {count.Accepted} decoded "
            + $"({100.0 * count.Accepted / Math.Max(1, count.Valid):F2} % of all), {problems.Count} problems");
        IEnumerable<string> mostRefused = refused.OrderByDescending(pair => pair.Value).Take(10).Select(pair => $"{pair.Key} {pair.Value}");
        output.WriteLine("not decoded: " + string.Join(", ", mostRefused));
        Assert.True(problems.Count == 0, string.Join("\n", problems));
        return count;
    }

    private sealed class Count
    {
        public int Valid { get; set; }

        public int Covered { get; set; }

        public int Accepted { get; set; }
    }
}
