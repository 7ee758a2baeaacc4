// The kernel's unwinder on handmade stacks. The return addresses are places in TestImage, whose tables it uses.

using System;
using System.Collections.Generic;
using CSharpOS.Arch;
using CSharpOS.Debugging;
using Xunit;

namespace CSharpOS.Tools.Tests;

[Collection(Serial.Name)]
public sealed unsafe class UnwinderTests : IDisposable
{
    private const int StackSize = 4096;

    private readonly TestImage _image = new();
    private readonly GuardedMemory _task = new(StackSize);
    private readonly GuardedMemory _irq = new(StackSize);

    public UnwinderTests()
    {
        Unwinder.Init((nuint)_image.At("__entry_text_start"), (nuint)_image.At("__entry_text_end"));
    }

    public void Dispose()
    {
        Unwinder.Init(0, 0);
        _task.Dispose();
        _irq.Dispose();
    }

    [Fact]
    public void WalksFramesOfEveryKindToTheTop()
    {
        // Innermost: a leaf interrupted between push and pop; called by a frame with rbp, by assembly, by a frame that saves rbp.
        HandmadeStack stack = new(_task);
        ulong requestIrqFrame = stack.Top(0);
        stack.Push(0);
        stack.Push(0x1111);
        stack.PushMany(6);
        stack.Push(_image.At("after-call"));
        stack.Push(2);
        stack.Push(0x2222);
        stack.PushMany(2);
        stack.Push(_image.At("asm-finish"));
        stack.Push(0x3333);
        ulong framePointer = stack.Address;
        stack.PushMany(9);
        stack.Push(_image.At("dynamic-after"));
        stack.Push(0x246);

        List<Frame> frames = Walk(_image.At("pushed"), stack.Address, framePointer, true, out UnwinderEnd end, _task);
        Assert.Equal(UnwinderEnd.Complete, end);
        Assert.Equal(
            [_image.At("pushed"), _image.At("dynamic-after"), _image.At("asm-finish"), _image.At("after-call")],
            frames.ConvertAll(f => f.Pc));
        Assert.Equal([framePointer, framePointer, 0x3333ul, 0x2222ul], frames.ConvertAll(f => f.Fp));
        Assert.Equal(requestIrqFrame - 8 - 64 + 8, frames[3].Sp);
        Assert.All(frames, f => Assert.False(f.Interrupt));
    }

    [Theory]
    [InlineData("early", 0)]
    [InlineData("early-add", 8)]
    [InlineData("early-pop", 2)]
    [InlineData("early-pop-rbp", 1)]
    [InlineData("early-ret", 0)]
    [InlineData("body", 8)]
    public void FindsTheCallerFromEveryPlaceInAFunction(string place, int wordsPushed)
    {
        // body and early-add: 5 words of locals, rbx, rbp; in the epilogue less.
        int words = wordsPushed == 8 ? 7 : wordsPushed;
        HandmadeStack stack = new(_task);
        stack.Push(0);
        stack.Push(Leaf);
        ulong fp = 0x7777;
        for (int i = 0; i < words; i++)
        {
            stack.Push(i == 0 ? fp : (ulong)i);
        }

        bool saved = words != 0;
        List<Frame> frames = Walk(_image.At(place), stack.Address, saved ? 0x1 : fp, true, out UnwinderEnd end, _task);
        Assert.Equal([_image.At(place), Leaf], frames.ConvertAll(f => f.Pc));
        Assert.Equal(fp, frames[1].Fp);
        Assert.Equal(UnwinderEnd.Complete, end);
    }

    [Fact]
    public void GoesThroughAnInterruptToTheInterruptedStack()
    {
        HandmadeStack task = new(_task);
        task.Push(0);
        ulong interruptedSp = task.Address;
        task.PushMany(1);
        ulong regs = task.PushRegs(_image.At(IrqPerCpu), interruptedSp, 0xbbbb);

        HandmadeStack irq = new(_irq);
        irq.Push(regs);
        irq.Push(regs);
        irq.Push(_image.At("stub-after-call"));
        irq.PushMany(7);

        List<Frame> frames = Walk(_image.At("body"), irq.Address, 1, true, out UnwinderEnd end, _irq, _task);
        Assert.Equal([_image.At("body"), _image.At("stub-after-call"), _image.At(IrqPerCpu)], frames.ConvertAll(f => f.Pc));
        Assert.Equal([false, false, true], frames.ConvertAll(f => f.Interrupt));
        Assert.Equal([true, false, true], frames.ConvertAll(f => f.Exact));
        Assert.Equal((interruptedSp, 0xbbbbul, regs), (frames[2].Sp, frames[2].Fp, frames[2].Regs));
        Assert.Equal(UnwinderEnd.Complete, end);
    }

    [Fact]
    public void GoesThroughNestedInterruptsOnOneStack()
    {
        HandmadeStack stack = new(_task);
        stack.Push(0);
        for (int level = 0; level < 5; level++)
        {
            ulong sp = stack.Address;
            ulong regs = stack.PushRegs(_image.At(IrqPerCpu), sp, (ulong)level);
            stack.Push(regs);
            stack.Push(regs);
            stack.Push(_image.At("stub-after-call"));
        }

        List<Frame> frames = Walk(_image.At(IrqPerCpu), stack.Address, 0, true, out UnwinderEnd end, _task);
        Assert.Equal(11, frames.Count);
        Assert.Equal(5, frames.FindAll(f => f.Interrupt).Count);
        Assert.Equal([4ul, 3, 2, 1, 0], frames.FindAll(f => f.Interrupt).ConvertAll(f => f.Fp));
        Assert.Equal(UnwinderEnd.Complete, end);
    }

    [Fact]
    public void StopsAtUserMode()
    {
        HandmadeStack stack = new(_task);
        ulong regs = stack.PushRegs(0x400000, 0x7fff0000, 0, cs: 0x33);
        stack.Push(regs);
        stack.Push(regs);
        List<Frame> frames = Walk(_image.At("stub-after-call"), stack.Address + 8, 0, false, out UnwinderEnd end, _task);
        Assert.Single(frames);
        Assert.Equal(UnwinderEnd.UserMode, end);

        StackRange range = new((nuint)_task.Start, (nuint)_task.End);
        Unwinder unwinder = new((PtRegs*)regs, &range, 1);
        Assert.False(unwinder.MoveNext());
        Assert.Equal(UnwinderEnd.UserMode, unwinder.End);
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(0xdeadbeefdeadbeeful)]
    public void JumpToNowhereIsFoundThroughItsReturnAddress(ulong pc)
    {
        HandmadeStack stack = new(_task);
        stack.Push(0);
        stack.Push(Leaf);
        List<Frame> frames = Walk(pc, stack.Address, 0, true, out UnwinderEnd end, _task);
        Assert.Equal([pc, Leaf], frames.ConvertAll(f => f.Pc));
        Assert.Equal(UnwinderEnd.Complete, end);
    }

    [Fact]
    public void EndsAreTold()
    {
        HandmadeStack stack = new(_task);
        stack.Push(0x12345678);
        Walk(_image.At("early-ret"), stack.Address, 0, true, out UnwinderEnd end, _task);
        Assert.Equal(UnwinderEnd.NotText, end);

        Walk(_image.At("early-ret"), stack.Address - StackSize, 0, true, out end, _task);
        Assert.Equal(UnwinderEnd.OutsideStacks, end);

        Walk(_image.At("dynamic-after"), stack.Address, stack.Address - 0x20, true, out end, _task);
        Assert.Equal(UnwinderEnd.NoProgress, end);

        Walk(_image.At("dynamic-after"), stack.Address, stack.Address + 0x10000, true, out end, _task);
        Assert.Equal(UnwinderEnd.OutsideStacks, end);

        Walk(_image.At("irq_stub_0"), stack.Address, 0, true, out end, _task);
        Assert.Equal(UnwinderEnd.InEntryStub, end);

        Walk(_image.At("early-ret"), stack.Top(0), 0, true, out end, _task);
        Assert.Equal(UnwinderEnd.Complete, end);
    }

    [Fact]
    public void RegistersThatPointBackDoNotMakeACircle()
    {
        // The registers say that the interrupted code ran below the handler: a damaged stack.
        HandmadeStack stack = new(_task);
        ulong regs = stack.PushRegs(_image.At("early-ret"), stack.Address - 0x200, 0);
        stack.Push(regs);
        stack.Push(regs);
        stack.Push(_image.At("stub-after-call"));
        List<Frame> frames = Walk(_image.At("early-ret"), stack.Address, 0, true, out UnwinderEnd end, _task);
        Assert.Equal(2, frames.Count);
        Assert.Equal(UnwinderEnd.NoProgress, end);

        // Two stacks whose registers point at each other.
        HandmadeStack task = new(_task);
        HandmadeStack irq = new(_irq);
        int depth = sizeof(PtRegs) + (3 * 8);
        foreach ((HandmadeStack here, HandmadeStack there) in ((HandmadeStack, HandmadeStack)[])[(task, irq), (irq, task)])
        {
            regs = here.PushRegs(_image.At("early-ret"), there.Top(depth), 0);
            here.Push(regs);
            here.Push(regs);
            here.Push(_image.At("stub-after-call"));
            Assert.Equal(here.Top(depth), here.Address);
        }

        frames = Walk(_image.At("early-ret"), task.Address, 0, true, out end, _task, _irq);
        Assert.Equal([false, false, true, false], frames.ConvertAll(f => f.Interrupt));
        Assert.Equal(UnwinderEnd.NoProgress, end);
    }

    [Fact]
    public void EndlessRecursionIsCutOff()
    {
        using GuardedMemory large = new(16 * StackSize);
        HandmadeStack stack = new(large);
        for (int i = 0; i < 1000; i++)
        {
            stack.Push(Leaf);
        }

        List<Frame> frames = Walk(Leaf, stack.Address, 0, true, out UnwinderEnd end, large);
        Assert.Equal(Unwinder.MaxFrames, frames.Count);
        Assert.Equal(UnwinderEnd.TooDeep, end);
    }

    [Fact]
    public void NothingIsReadBeyondTheEndsOfAStack()
    {
        foreach (ulong pc in _image.Places.Values)
        {
            for (int offset = -16; offset < 16 * 8; offset += 4)
            {
                foreach (ulong sp in (ulong[])[(ulong)_task.End - (ulong)offset, (ulong)_task.Start + (ulong)offset])
                {
                    Walk(pc, sp, sp, true, out UnwinderEnd end, _task);
                    Assert.NotEqual(UnwinderEnd.None, end);
                    Walk(pc, sp, sp, false, out end, _task);
                    Assert.NotEqual(UnwinderEnd.None, end);
                }
            }
        }
    }

    [Fact]
    public void RegistersThatReachBeyondTheStackAreNotRead()
    {
        for (int offset = 8; offset <= sizeof(PtRegs) + 8; offset += 8)
        {
            ulong* words = (ulong*)_task.Start;
            words[0] = (ulong)_task.End - (ulong)offset;
            List<Frame> frames = Walk(_image.At("stub-after-call"), (ulong)words, 0, false, out UnwinderEnd end, _task);
            Assert.Equal(offset >= sizeof(PtRegs) ? 2 : 1, frames.Count);
            Assert.Equal(offset < sizeof(PtRegs), end == UnwinderEnd.OutsideStacks && frames.Count == 1);
        }
    }

    [Fact]
    public void AnyGarbageIsSurvived()
    {
        Random random = new(7);
        ulong[] places = [.. _image.Places.Values, 0, ulong.MaxValue, 0xffffffff80000000];
        ulong Value() => random.Next(5) switch
        {
            0 => places[random.Next(places.Length)],
            1 => (ulong)_task.Start + (ulong)random.Next(-64, StackSize + 64),
            2 => (ulong)_irq.Start + (8 * (ulong)random.Next(-8, (StackSize / 8) + 8)),
            3 => (ulong)random.NextInt64(),
            _ => (ulong)random.Next(256),
        };
        for (int round = 0; round < 20000; round++)
        {
            foreach (GuardedMemory memory in (GuardedMemory[])[_task, _irq])
            {
                for (int i = round % 8; i < StackSize / 8; i += 8)
                {
                    ((ulong*)memory.Start)[i] = Value();
                }
            }

            List<Frame> frames = Walk(Value(), Value(), Value(), random.Next(2) == 0, out UnwinderEnd end, _task, _irq);
            Assert.InRange(frames.Count, 1, Unwinder.MaxFrames);
            Assert.NotEqual(UnwinderEnd.None, end);
        }
    }

    [Fact]
    public void DamagedTablesAreSurvived()
    {
        byte[] blob = _image.Tables();
        using GuardedMemory memory = new(4096);
        byte* start = memory.End - blob.Length;
        Random random = new(11);
        ulong[] places = [.. _image.Places.Values];
        try
        {
            for (int round = 0; round < 20000; round++)
            {
                blob.CopyTo(new Span<byte>(start, blob.Length));
                for (int i = random.Next(1, 6); i > 0; i--)
                {
                    start[random.Next(12, blob.Length)] = (byte)random.Next(256);
                }

                if (!SymbolTable.Init(start, start + blob.Length))
                {
                    continue;
                }

                nuint pc = (nuint)places[random.Next(places.Length)];
                SymbolTable.Lookup(pc, out _);
                SymbolTable.LookupName("nothing"u8, out _);
                LineTable.Lookup(pc, out _, out _);
                UnwinderRows.Lookup(pc, out _);
            }
        }
        finally
        {
            SymbolTable.Init(null, null);
        }
    }

    private const string IrqPerCpu = "Kernel_CSharpOS_Irq_PerCpu_1<UInt8>__get_Item";

    private List<Frame> Walk(ulong pc, ulong sp, ulong fp, bool exact, out UnwinderEnd end, params GuardedMemory[] stacks)
    {
        List<Frame> frames = [];
        UnwinderEnd result = UnwinderEnd.None;
        byte[] blob = _tables ??= _image.Tables();
        TestImage.WithTables(blob, () =>
        {
            StackRange* ranges = stackalloc StackRange[stacks.Length];
            for (int i = 0; i < stacks.Length; i++)
            {
                ranges[i] = new StackRange((nuint)stacks[i].Start, (nuint)stacks[i].End);
            }

            PtRegs regs = default;
            (regs.Rip, regs.Rsp, regs.Rbp) = (pc, sp, fp);
            Unwinder unwinder = exact ? new(&regs, ranges, stacks.Length) : new((nuint)pc, (nuint)sp, (nuint)fp, ranges, stacks.Length);
            while (unwinder.MoveNext())
            {
                frames.Add(new(unwinder.Pc, unwinder.Sp, unwinder.Fp, unwinder.IsInterruptFrame, unwinder.IsExact, (ulong)unwinder.Regs));
            }

            Assert.False(unwinder.MoveNext());
            result = unwinder.End;
        });
        end = result;
        return frames;
    }

    private byte[]? _tables;

    // A return address in a function that has pushed nothing when it calls.
    private ulong Leaf => _image.At("pushed");

    private sealed record Frame(ulong Pc, ulong Sp, ulong Fp, bool Interrupt, bool Exact, ulong Regs);
}
