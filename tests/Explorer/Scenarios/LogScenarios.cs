// The log ring: any number of writers in any context, without a lock: every record is whole and none is lost.

using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class LogScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    [Theory]
    [Trait("Row", "LOG-01")]
    [InlineData("the ring", null)]
    [InlineData("space is taken without a compare-exchange", "lost")]
    public void WritersOnTwoCpusAndInAnInterrupt(string variant, string? fault) => Explore(() => new WritersScenario(variant), fault);

    [Theory]
    [Trait("Row", "LOG-01")]
    [InlineData("stamp last", null)]
    [InlineData("stamp first", "torn")]
    public void AReaderBesideAWriter(string variant, string? fault) => Explore(() => new ReaderScenario(variant), fault);

    private sealed class WritersScenario(string variant) : Scenario
    {
        private long* _ownHead;
        private int* _ownRecords;

        public override void Setup()
        {
            LogRing.Init();
            _ownHead = Machine.Allocate<long>();
            _ownRecords = (int*)Heap.Allocate(64);
            Thread(0, "writer 0", () => Write((byte)'a'));
            Thread(1, "writer 1", () => Write((byte)'b'));
            Interrupt(0, "device", () => Write((byte)'c'));
        }

        public override void End()
        {
            string found = variant == "the ring" ? ReadAll() : OwnRecords();
            foreach (char letter in "abc")
            {
                if (!found.Contains(letter))
                {
                    throw Machine.Fail($"record {letter} is lost (found: {found})");
                }
            }

            Check(found.Length == 3, "three records");
        }

        private void Write(byte letter)
        {
            if (variant == "the ring")
            {
                Check(LogRing.Write(LogLevel.Info, LogFlags.EndsLine, 1, 0, 0, [letter, letter]), "there is room");
                return;
            }

            long place = Shared.ReadOnce(ref *_ownHead);
            Shared.WriteOnce(ref *_ownHead, place + 1);
            Shared.WriteOnce(ref _ownRecords[place], letter);
        }

        private string OwnRecords()
        {
            string found = "";
            for (int i = 0; i < *_ownHead; i++)
            {
                found += (char)_ownRecords[i];
            }

            return found;
        }
    }

    private sealed class ReaderScenario(string variant) : Scenario
    {
        private int* _stamp, _text;

        public override void Setup()
        {
            LogRing.Init();
            _stamp = Machine.Allocate<int>();
            _text = Machine.Allocate<int>();
            Thread(0, "writer", () =>
            {
                if (variant == "stamp last")
                {
                    LogRing.Write(LogLevel.Info, LogFlags.EndsLine, 1, 0, 0, "one"u8);
                    LogRing.Write(LogLevel.Info, LogFlags.EndsLine, 1, 0, 0, "two"u8);
                    return;
                }

                Shared.WriteOnce(ref *_stamp, 1);
                Shared.WriteOnce(ref *_text, 7);
            });
            Thread(1, "reader", () =>
            {
                if (variant == "stamp last")
                {
                    string found = ReadAll();
                    Check(found is "" or "o" or "ot", "the reader sees whole records, in order");
                }
                else if (Shared.ReadOnce(ref *_stamp) != 0 && Shared.ReadOnce(ref *_text) != 7)
                {
                    throw Machine.Fail("a record is torn");
                }
            });
        }
    }

    // The first letter of each record.
    private static string ReadAll()
    {
        string found = "";
        long position = 0;
        long lost = 0;
        LogRecord record = default;
        Span<byte> text = stackalloc byte[LogRing.MaxText];
        while (LogRing.Read(ref position, ref lost, ref record, text, skipUncommitted: false))
        {
            found += (char)text[0];
        }

        return lost == 0 ? found : throw Machine.Fail("the reader has lost bytes");
    }
}
