// The ring under fire: readers overtaken, writers stopped half way or struck at any point, and writers on many threads.

using System.Collections.Generic;
using System.Text;
using System.Threading;
using CSharpOS.Arch;
using CSharpOS.Log;
using Xunit;

namespace CSharpOS.Hosted.Log;

[Trait("Row", "LOG-01")]
public unsafe class LogRingRaceTests : LogFixture
{
    [Fact]
    public void AReaderOvertakenWhileItCopiesStartsAgain()
    {
        for (int i = 0; i < 3; i++)
        {
            Put(i);
        }

        // The second barrier of Read lies behind the copy: there the whole ring is overwritten. Writers strike nobody.
        int calls = 0;
        Simulation.OnArchCall = () =>
        {
            if (++calls == 2)
            {
                for (int i = 3; i < 5_000; i++)
                {
                    Put(i);
                }
            }
        };
        LogReader reader = new(0);
        Assert.True(reader.MoveNext());
        Simulation.OnArchCall = null;
        int number = Check(reader.Current.Text);
        Assert.True(number > 3);
        Assert.True(reader.Lost > 0);
        Assert.Equal((ulong)LogRing.Tail, reader.Current.Sequence);
    }

    [Fact]
    public void AWriterStoppedHalfWayKeepsItsPlace()
    {
        Put(0);
        bool struck = false;
        int calls = 0;
        List<int> accepted = [];
        int refused = 0;
        Simulation.OnArchCall = () =>
        {
            if (!struck && ++calls == 2)
            {
                // In the barrier before the commit. Others write more than the ring holds.
                struck = true;
                LogReader stopped = new(0);
                Assert.True(stopped.MoveNext());
                for (int i = 0; i < 5_000; i++)
                {
                    if (Put(1000 + i))
                    {
                        accepted.Add(1000 + i);
                    }
                    else
                    {
                        refused++;
                    }
                }

                Assert.False(stopped.MoveNext(), "an unfinished record stops readers");
            }
        };
        Put(1);
        Simulation.OnArchCall = null;
        Assert.True(accepted.Count > 1000);
        Assert.True(refused > 1000);
        Assert.Equal(refused, LogRing.Dropped);

        // The first record had to go, the unfinished one and all that were accepted are whole and in order.
        LogReader reader = new(0);
        Assert.True(reader.MoveNext());
        Assert.Equal(1, Check(reader.Current.Text));
        foreach (int number in accepted)
        {
            Assert.True(reader.MoveNext());
            Assert.Equal(number, Check(reader.Current.Text));
        }

        Assert.False(reader.MoveNext());
        Assert.True(Put(1), "room is made again");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_000)]
    public void AnotherWriterAtAnyPointLosesNothing(int before)
    {
        int points = 1;
        for (int strike = 0; strike < points; strike++)
        {
            LogRing.Init();
            for (int i = 0; i < before; i++)
            {
                Put(i);
            }

            ulong start = KernelLog.NextSequence;
            int calls = 0;
            bool struck = false;
            Simulation.OnArchCall = () =>
            {
                if (calls++ == strike)
                {
                    struck = true;
                    for (int i = 0; i < 5; i++)
                    {
                        Assert.True(Put(20_000 + i));
                    }
                }
            };
            Assert.True(Put(30_000));
            Simulation.OnArchCall = null;
            points = Math.Max(points, calls);
            List<int> found = [];
            LogReader reader = new(start);
            while (reader.MoveNext())
            {
                found.Add(Check(reader.Current.Text));
            }

            Assert.Equal(0, reader.Lost);
            Assert.Equal(0, LogRing.Dropped);
            Assert.True(found.Remove(30_000), $"at {strike}");
            Assert.Equal(struck ? [20_000, 20_001, 20_002, 20_003, 20_004] : [], found);
        }

        Assert.True(points >= 2, "there are points to strike at");
    }

    [Fact]
    public void APanicSkipsARecordThatNobodyWillFinish()
    {
        Put(1);
        int calls = 0;
        Simulation.OnArchCall = () =>
        {
            if (++calls == 2)
            {
                throw new SimulatedHaltException();
            }
        };
        Assert.Throws<SimulatedHaltException>(() => Put(2));
        Simulation.OnArchCall = null;
        Put(3);

        LogReader reader = new(0);
        Assert.True(reader.MoveNext());
        Assert.False(reader.MoveNext());

        long position = 0;
        long lost = 0;
        LogRecord record = default;
        byte[] text = new byte[LogRing.MaxText];
        Assert.True(LogRing.Read(ref position, ref lost, ref record, text, true));
        Assert.Equal(1, Check(text.AsSpan(0, record.TextLength)));
        Assert.True(LogRing.Read(ref position, ref lost, ref record, text, true));
        Assert.Equal(3, Check(text.AsSpan(0, record.TextLength)));
        Assert.True(lost > 0);
        Assert.False(LogRing.Read(ref position, ref lost, ref record, text, true));
    }

    [Fact]
    public void ManyThreadsWriteAndRead()
    {
        const int Writers = 3;
        const int Each = 40_000;
        List<string> errors = [];
        bool done = false;
        Thread[] writers = new Thread[Writers];
        for (int w = 0; w < Writers; w++)
        {
            int writer = w;
            writers[w] = new Thread(() =>
            {
                for (int i = 0; i < Each; i++)
                {
                    Put((writer * 1_000_000) + i);
                }
            });
        }

        long read = 0;
        Thread[] readers = new Thread[2];
        for (int r = 0; r < readers.Length; r++)
        {
            readers[r] = new Thread(() =>
            {
                try
                {
                    int[] last = [-1, -1, -1];
                    LogReader reader = new(0);
                    bool stopping = false;
                    while (true)
                    {
                        if (!reader.MoveNext())
                        {
                            if (stopping)
                            {
                                break;
                            }

                            stopping = Volatile.Read(ref done);
                            continue;
                        }

                        int number = Check(reader.Current.Text);
                        int writer = number / 1_000_000;
                        Assert.True(number % 1_000_000 > last[writer], "each writer's records are in order");
                        last[writer] = number % 1_000_000;
                        Interlocked.Increment(ref read);
                    }

                    Assert.Equal(KernelLog.NextSequence, reader.Position);
                }
                catch (Exception e)
                {
                    lock (errors)
                    {
                        errors.Add(e.ToString());
                    }
                }
            });
        }

        foreach (Thread thread in (Thread[])[.. readers, .. writers])
        {
            thread.Start();
        }

        foreach (Thread thread in writers)
        {
            thread.Join();
        }

        Volatile.Write(ref done, true);
        foreach (Thread thread in readers)
        {
            thread.Join();
        }

        Assert.Empty(errors);
        Assert.True(read > 1000);
        LogReader end = new(0);
        int count = 0;
        while (end.MoveNext())
        {
            Check(end.Current.Text);
            count++;
        }

        Assert.True(count > 500);
    }
}
