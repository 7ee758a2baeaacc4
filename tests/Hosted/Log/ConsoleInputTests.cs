// ConsoleInput: every byte once, in order; a full ring refuses and counts.

using CSharpOS.Arch;
using CSharpOS.Log;
using Xunit;

namespace CSharpOS.Hosted.Log;

[Trait("Row", "LOG-01")]
public class ConsoleInputTests : LogFixture
{
    private static int s_heard;

    [Fact]
    public void BytesComeInOrder()
    {
        Assert.False(ConsoleInput.TryGet(out byte value));
        Assert.Equal(0, value);
        for (int round = 0; round < 20_000; round++)
        {
            Assert.True(ConsoleInput.Put((byte)round));
            Assert.True(ConsoleInput.Put((byte)(round + 1)));
            Assert.True(ConsoleInput.TryGet(out value));
            Assert.Equal((byte)round, value);
            Assert.True(ConsoleInput.TryGet(out value));
            Assert.Equal((byte)(round + 1), value);
        }
    }

    [Fact]
    public void AFullRingRefuses()
    {
        for (int i = 0; i < ConsoleInput.Capacity; i++)
        {
            Assert.True(ConsoleInput.HasRoom);
            Assert.True(ConsoleInput.Put((byte)(i * 7)));
        }

        Assert.False(ConsoleInput.HasRoom);
        Assert.False(ConsoleInput.Put(1));
        Assert.Equal(1u, ConsoleInput.Lost);
        for (int i = 0; i < ConsoleInput.Capacity; i++)
        {
            Assert.True(ConsoleInput.TryGet(out byte value));
            Assert.Equal((byte)(i * 7), value);
        }

        Assert.False(ConsoleInput.TryGet(out _));
    }

    [Fact]
    public unsafe void WhileSomebodyListensTheBytesAreForHim()
    {
        byte[] bytes = new byte[3];
        s_heard = 0;
        Assert.True(ConsoleInput.Put(1));
        Assert.Equal(0, ConsoleInput.Take(bytes));
        ConsoleInput.SetListener(&Hear);
        Assert.True(ConsoleInput.Put(2));
        Assert.True(ConsoleInput.Put(3));
        Assert.True(ConsoleInput.Put(4));
        Assert.Equal(3, s_heard);
        Assert.False(ConsoleInput.TryGet(out _));
        Assert.Equal(3, ConsoleInput.Take(bytes));
        Assert.Equal([1, 2, 3], bytes);
        ConsoleInput.SetListener(null);
        Assert.True(ConsoleInput.TryGet(out byte value));
        Assert.Equal(4, value);
        Assert.Equal(3, s_heard);
    }

    [Fact]
    public void AHandlerPutsWhileTheReaderGets()
    {
        int put = 0;
        Simulation.OnArchCall = () =>
        {
            if (Simulation.InterruptsEnabled && ConsoleInput.HasRoom)
            {
                ConsoleInput.Put((byte)put++);
            }
        };
        int got = 0;
        while (got < 10_000)
        {
            if (ConsoleInput.TryGet(out byte value))
            {
                Assert.Equal((byte)got, value);
                got++;
            }
        }
    }

    private static void Hear() => s_heard++;
}
