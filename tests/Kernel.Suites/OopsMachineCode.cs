// OopsMachineCode: instructions that C# cannot say, for the tests: a page of code made at run time.
//
// Process context. The page comes from Vmalloc and is made executable and read-only before it runs.

namespace CSharpOS.Suites;

/// <summary>A few machine instructions in a page of their own.</summary>
internal unsafe struct OopsMachineCode
{
    /// <summary>Vector of line 0.</summary>
    public const int FirstLineVector = AsmOffsets.FIRST_EXTERNAL_VECTOR;

    private const int PageSize = 4096;
    private const int IntegerRegisters = 16;
    private const int Rax = 0, Rsp = 4;
    private const ulong Pattern = 0x0123456789abcdef;

    private byte* _page;
    private int _length;

    /// <summary>The code as a function.</summary>
    public readonly delegate*<ulong> Function => (delegate*<ulong>)_page;

    /// <summary>Makes the bytes callable.</summary>
    public static OopsMachineCode Of(ReadOnlySpan<byte> bytes)
    {
        OopsMachineCode code = Begin();
        code.Add(bytes);
        code.Seal();
        return code;
    }

    /// <summary>A function that runs <c>int vector</c> and returns.</summary>
    public static OopsMachineCode Interrupt(int vector) => Of([0xcd, (byte)vector, 0xc3]);

    /// <summary>A function that fills every integer register but rsp with its <see cref="Value"/> and executes ud2.</summary>
    public static OopsMachineCode RegistersThenInvalid()
    {
        OopsMachineCode code = Begin();
        for (int register = 0; register < IntegerRegisters; register++)
        {
            code.Load(register);
        }

        code.Add([0x0f, 0x0b]);
        code.Seal();
        return code;
    }

    /// <summary>A function that fills all integer registers and xmm0-15, runs <c>int vector</c>, and gives a sum of all of them: see
    /// <see cref="Sum"/>. It keeps the registers that its caller wants kept.</summary>
    public static OopsMachineCode SumAfterInterrupt(int vector)
    {
        OopsMachineCode code = Begin();
        code.Add([0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57]);         // push rbx, rbp, r12-r15
        for (int register = 0; register < IntegerRegisters; register++)
        {
            code.Load(Rax, register);
            code.Add([0x66, (byte)(0x48 | (register >= 8 ? 4 : 0)), 0x0f, 0x6e, (byte)(0xc0 | ((register & 7) << 3))]); // movq xmmN, rax
        }

        for (int register = 0; register < IntegerRegisters; register++)
        {
            code.Load(register);
        }

        code.Add([0xcd, (byte)vector]);
        for (int register = 1; register < IntegerRegisters; register++)
        {
            if (register != Rsp)
            {
                code.Add([0x48, 0xd1, 0xc0]);                                           // rol rax, 1
                code.Add([(byte)(0x48 | (register >= 8 ? 4 : 0)), 0x01, (byte)(0xc0 | ((register & 7) << 3))]); // add rax, N
            }
        }

        for (int register = 0; register < IntegerRegisters; register++)
        {
            code.Add([0x48, 0xd1, 0xc0]);
            code.Add([0x66, (byte)(0x48 | (register >= 8 ? 4 : 0)), 0x0f, 0x7e, (byte)(0xc1 | ((register & 7) << 3))]); // movq rcx, xmmN
            code.Add([0x48, 0x01, 0xc8]);                                               // add rax, rcx
        }

        code.Add([0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3]);   // pop, ret
        code.Seal();
        return code;
    }

    /// <summary>A function that spoils every register that a function of the kernel may spoil: the two xmm registers that the compiler uses, and rax, rcx,
    /// rdx, rsi, rdi, r8-r11.</summary>
    public static OopsMachineCode SpoilRegisters()
    {
        OopsMachineCode code = Begin();
        foreach (int register in (ReadOnlySpan<int>)[AsmOffsets.KERNEL_XMM_FIRST, AsmOffsets.KERNEL_XMM_SECOND])
        {
            byte prefix = (byte)(0x40 | (register >= 8 ? 5 : 0));
            code.Add([0x66, prefix, 0x0f, 0x76, (byte)(0xc0 | (9 * (register & 7)))]);           // pcmpeqd xmmN, xmmN: all ones
        }

        foreach (byte register in (ReadOnlySpan<byte>)[0, 1, 2, 6, 7])
        {
            code.Add([0x31, (byte)(0xc0 | (9 * register))]);                                    // xor N, N
        }

        foreach (byte register in (ReadOnlySpan<byte>)[0, 1, 2, 3])
        {
            code.Add([0x45, 0x31, (byte)(0xc0 | (9 * register))]);                              // xor r8-r11
        }

        code.Add([0xc3]);
        code.Seal();
        return code;
    }

    /// <summary>What <see cref="SumAfterInterrupt"/> gives if nothing was lost.</summary>
    public static ulong Sum()
    {
        ulong sum = Value(Rax);
        for (int register = 1; register < IntegerRegisters; register++)
        {
            if (register != Rsp)
            {
                sum = ((sum << 1) | (sum >> 63)) + Value(register);
            }
        }

        for (int register = 0; register < IntegerRegisters; register++)
        {
            sum = ((sum << 1) | (sum >> 63)) + Value(register);
        }

        return sum;
    }

    /// <summary>What the functions put into register <paramref name="register"/>, in the processor's numbering.</summary>
    public static ulong Value(int register) => Pattern * (ulong)((2 * register) + 3);

    /// <summary>Gives the page back.</summary>
    public void Free()
    {
        Vmalloc.Free(_page);
        _page = null;
    }

    private static OopsMachineCode Begin() => new() { _page = (byte*)Vmalloc.Alloc(PageSize) };

    private void Load(int register)
    {
        if (register != Rsp)
        {
            Load(register, register);
        }
    }

    // mov register, imm64
    private void Load(int register, int valueOf)
    {
        Add([(byte)(0x48 | (register >= 8 ? 1 : 0)), (byte)(0xb8 | (register & 7))]);
        *(ulong*)(_page + _length) = Value(valueOf);
        _length += sizeof(ulong);
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(new Span<byte>(_page + _length, bytes.Length));
        _length += bytes.Length;
    }

    private readonly void Seal() => Check.Equal(0, Paging.ProtectPage((ulong)_page, PageProtection.KernelText));
}
