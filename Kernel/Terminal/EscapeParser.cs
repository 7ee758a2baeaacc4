// EscapeParser: recognises ECMA-48 control sequences, ESC [ numbers letter, one byte at a time.
//
// Linux: the vc_state machine of drivers/char/vt.c. Used for what goes to a screen and for what comes from a terminal.
// Contexts: any; no lock: its owner's lock or its single reader guards it. All zero is the initial state.

using System.Runtime.CompilerServices;

namespace CSharpOS.Terminal;

/// <summary>The state of one stream of bytes with escape sequences in it.</summary>
public struct EscapeParser
{
    /// <summary>The most numbers that one sequence keeps; further ones are dropped.</summary>
    public const int MaxParameters = 8;

    private const byte Escape = 0x1b;
    private const int LargestParameter = 9999;

    private State _state;
    private Parameters _parameters;

    /// <summary>What a byte turned out to be.</summary>
    public enum Result
    {
        /// <summary>An ordinary byte, for the caller to use.</summary>
        Plain,

        /// <summary>Part of a sequence that has not ended.</summary>
        Pending,

        /// <summary>The end of a sequence: see <see cref="Final"/>, <see cref="Parameter"/>.</summary>
        Sequence,
    }

    private enum State : byte
    {
        Ground,
        AfterEscape,
        InSequence,
        AfterShift,
    }

    /// <summary>Numbers in the sequence that ended last, or 0.</summary>
    public int Count { get; private set; }

    /// <summary>The letter that ended the sequence.</summary>
    public byte Final { get; private set; }

    /// <summary>Takes one byte of the stream.</summary>
    public Result Feed(byte value)
    {
        if (value == Escape)
        {
            _state = State.AfterEscape;
            return Result.Pending;
        }

        switch (_state)
        {
            case State.AfterEscape:
                return FeedAfterEscape(value);
            case State.AfterShift:
                _state = State.Ground;
                return End(value);
            case State.InSequence:
                return FeedInSequence(value);
            default:
                return Result.Plain;
        }
    }

    /// <summary>Number <paramref name="index"/> of the sequence; <paramref name="missing"/> if it was left out.</summary>
    public readonly int Parameter(int index, int missing) =>
        index < Count && index < MaxParameters && _parameters[index] != 0 ? _parameters[index] : missing;

    private Result FeedAfterEscape(byte value)
    {
        Count = 0;
        _parameters = default;
        switch (value)
        {
            case (byte)'[':
                _state = State.InSequence;
                return Result.Pending;
            case (byte)'O':
                // Terminals in application mode send ESC O A where others send ESC [ A.
                _state = State.AfterShift;
                return Result.Pending;
            default:
                // Escape and something else: the escape is dropped, the rest is what it is.
                _state = State.Ground;
                return Result.Plain;
        }
    }

    private Result FeedInSequence(byte value)
    {
        switch (value)
        {
            case >= (byte)'0' and <= (byte)'9':
                Count = Math.Max(Count, 1);
                if (Count <= MaxParameters)
                {
                    _parameters[Count - 1] = Math.Min(LargestParameter, (_parameters[Count - 1] * 10) + value - '0');
                }

                return Result.Pending;
            case (byte)';':
                Count = Math.Max(Count, 1) + 1;
                return Result.Pending;
            case >= 0x40 and <= 0x7e:
                _state = State.Ground;
                return End(value);
            case >= 0x20 and <= 0x3f:
                return Result.Pending;
            default:
                // A control character or a byte of no ASCII text breaks the sequence off.
                _state = State.Ground;
                return Result.Plain;
        }
    }

    private Result End(byte value)
    {
        Final = value;
        return Result.Sequence;
    }

    [InlineArray(MaxParameters)]
    private struct Parameters
    {
        private int _first;
    }
}
