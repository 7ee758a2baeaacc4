// The ring: records come back whole and in order, through wraps, slow readers, writers stopped half way, and writers on many threads.

using System.Collections.Generic;
using System.Text;
using System.Threading;
using CSharpOS.Arch;
using CSharpOS.Log;
using Xunit;

namespace CSharpOS.Hosted.Log;

[Trait("Row", "LOG-01")]
public unsafe class LogRingTests : LogFixture
{
    [Fact]
    public void ARecordComesBackAsItWasWritten()
    {
        Assert.True(LogRing.Write(LogLevel.Notice, LogFlags.EndsLine, 12_345_678, 3, 77, "hello"u8));
        LogReader reader = new(0);
        Assert.True(reader.MoveNext());
        LogEntry entry = reader.Current;
        Assert.Equal("hello", Encoding.UTF8.GetString(entry.Text));
        Assert.Equal("[   12.345678] hello\n", Encoding.UTF8.GetString(entry.Line));
        Assert.Equal(LogLevel.Notice, entry.Level);
        Assert.Equal(12_345_678ul, entry.Microseconds);
        Assert.Equal(3, entry.Cpu);
        Assert.Equal(0ul, entry.Sequence);
        Assert.False(reader.MoveNext());
        Assert.Equal(KernelLog.NextSequence, reader.Position);
        Assert.Equal(0, reader.Lost);
    }

    [Theory]
    [InlineData(0, "[    0.000000] ")]
    [InlineData(123456, "[    0.123456] ")]
    [InlineData(99_999_999_999, "[99999.999999] ")]
    [InlineData(1_234_567_000_001, "[1234567.000001] ")]
    public void TimeStamps(long microseconds, string stamp)
    {
        LogRing.Write(LogLevel.Info, LogFlags.EndsLine, (ulong)microseconds, 0, 0, "x"u8);
        LogReader reader = new(0);
        Assert.True(reader.MoveNext());
        Assert.Equal(stamp + "x\n", Encoding.UTF8.GetString(reader.Current.Line));
    }

    [Fact]
    public void EveryLengthComesBackAndLongerTextIsCut()
    {
        for (int length = 0; length <= LogRing.MaxText + 50; length++)
        {
            string text = new('a', length);
            ulong at = KernelLog.NextSequence;
            Assert.True(LogRing.Write(LogLevel.Info, LogFlags.EndsLine, 0, 0, 0, Encoding.UTF8.GetBytes(text)));
            LogReader reader = new(at);
            Assert.True(reader.MoveNext());
            Assert.Equal(Math.Min(length, LogRing.MaxText), reader.Current.Text.Length);
            Assert.False(reader.MoveNext());
        }
    }

    [Fact]
    public void TextCannotImitateAStampOrDriveATerminal()
    {
        byte[] all = new byte[256];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = (byte)i;
        }

        LogRing.Write(LogLevel.Info, LogFlags.EndsLine, ulong.MaxValue, 255, uint.MaxValue, all);
        LogReader reader = new(0);
        Assert.True(reader.MoveNext());
        ReadOnlySpan<byte> text = reader.Current.Text;
        for (int i = 0; i < 256; i++)
        {
            bool kept = (i >= 32 && i != 127 && i != 255) || i == '\t';
            Assert.Equal(kept ? (byte)i : (byte)'?', text[i]);
        }
    }

    [Fact]
    public void TheOldestGoesWhenTheRingIsFull()
    {
        for (int lap = 0; lap < 20_000; lap++)
        {
            Put(lap);
        }

        Assert.True(LogRing.Head - LogRing.Tail <= LogRing.Capacity);
        Assert.True(LogRing.Head - LogRing.Tail > LogRing.Capacity - 2048);
        Assert.Equal(0, LogRing.Dropped);
        LogReader reader = new(0);
        int expected = -1;
        while (reader.MoveNext())
        {
            int number = Check(reader.Current.Text);
            Assert.True(expected < 0 || number == expected, "in order, without holes");
            expected = number + 1;
        }

        Assert.Equal(20_000, expected);
    }

    [Fact]
    public void ASlowReaderLosesWholeRecordsAndIsTold()
    {
        LogReader reader = new(0);
        Put(0);
        Put(1);
        Assert.True(reader.MoveNext());
        Assert.Equal(0, Check(reader.Current.Text));
        ulong position = reader.Position;
        for (int i = 2; i < 10_000; i++)
        {
            Put(i);
        }

        Assert.True(reader.MoveNext());
        int number = Check(reader.Current.Text);
        Assert.Equal(LogRing.Tail - (long)position, reader.Lost);
        while (reader.MoveNext())
        {
            Assert.Equal(++number, Check(reader.Current.Text));
        }

        Assert.Equal(9_999, number);
    }
}
