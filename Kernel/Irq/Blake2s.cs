// Blake2s: the hash function BLAKE2s of RFC 7693, with key, 32 bytes of result.
//
// Serves the entropy pool; Linux uses the same function there (lib/crypto/blake2s.c). Any context, no locks, no allocation, about 300
// bytes of stack. Written from the RFC: the names v, h, t, m are its names.

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Irq;

/// <summary>Computes one BLAKE2s-256 hash: Start, any number of Update, Finish.</summary>
internal ref struct Blake2s
{
    /// <summary>Bytes of a result, and the most bytes of a key.</summary>
    public const int HashSize = 32;

    private const int BlockSize = 64;
    private const int Rounds = 10;

    private EightWords _h;
    private SixteenWords _m;
    private ulong _t;
    private int _filled;

    // Which message word each step of each round takes: RFC 7693, section 2.7.
    private static ReadOnlySpan<byte> Sigma =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
        11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
        7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
        9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
        2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
        12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
        13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
        6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
        10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
    ];

    /// <summary>Begins a hash under <paramref name="key"/> of at most 32 bytes; an empty one is no key.</summary>
    public void Start(ReadOnlySpan<byte> key)
    {
        SetInitialVector(ref _h);
        _h[0] ^= 0x01010000u ^ ((uint)key.Length << 8) ^ HashSize;
        _m = default;
        _t = 0;
        _filled = 0;
        if (key.Length > 0)
        {
            key.CopyTo(Block);
            _filled = BlockSize;
        }
    }

    /// <summary>Adds <paramref name="data"/> to what is hashed.</summary>
    public void Update(ReadOnlySpan<byte> data)
    {
        for (int i = 0; i < data.Length; i++)
        {
            // A full block waits until it is known not to be the last.
            if (_filled == BlockSize)
            {
                _t += BlockSize;
                Compress(false);
                _filled = 0;
            }

            Block[_filled++] = data[i];
        }
    }

    /// <summary>Ends the hash; <paramref name="hash"/> takes its first bytes, up to 32.</summary>
    public void Finish(Span<byte> hash)
    {
        _t += (uint)_filled;
        Block.Slice(_filled).Clear();
        Compress(true);
        for (int i = 0; i < hash.Length && i < HashSize; i++)
        {
            hash[i] = (byte)(_h[i / 4] >> (8 * (i % 4)));
        }
    }

    // The processor is little-endian, like the RFC's words: the block's bytes are its words.
    private Span<byte> Block => MemoryMarshal.CreateSpan(ref Unsafe.As<SixteenWords, byte>(ref _m), BlockSize);

    private static void SetInitialVector(ref EightWords words)
    {
        words[0] = 0x6a09e667;
        words[1] = 0xbb67ae85;
        words[2] = 0x3c6ef372;
        words[3] = 0xa54ff53a;
        words[4] = 0x510e527f;
        words[5] = 0x9b05688c;
        words[6] = 0x1f83d9ab;
        words[7] = 0x5be0cd19;
    }

    private void Compress(bool last)
    {
        EightWords initial = default;
        SetInitialVector(ref initial);
        SixteenWords v = default;
        for (int i = 0; i < 8; i++)
        {
            v[i] = _h[i];
            v[i + 8] = initial[i];
        }

        v[12] ^= (uint)_t;
        v[13] ^= (uint)(_t >> 32);
        if (last)
        {
            v[14] = ~v[14];
        }

        for (int round = 0; round < Rounds; round++)
        {
            ReadOnlySpan<byte> s = Sigma.Slice(round * 16, 16);
            Mix(ref v, 0, 4, 8, 12, _m[s[0]], _m[s[1]]);
            Mix(ref v, 1, 5, 9, 13, _m[s[2]], _m[s[3]]);
            Mix(ref v, 2, 6, 10, 14, _m[s[4]], _m[s[5]]);
            Mix(ref v, 3, 7, 11, 15, _m[s[6]], _m[s[7]]);
            Mix(ref v, 0, 5, 10, 15, _m[s[8]], _m[s[9]]);
            Mix(ref v, 1, 6, 11, 12, _m[s[10]], _m[s[11]]);
            Mix(ref v, 2, 7, 8, 13, _m[s[12]], _m[s[13]]);
            Mix(ref v, 3, 4, 9, 14, _m[s[14]], _m[s[15]]);
        }

        for (int i = 0; i < 8; i++)
        {
            _h[i] ^= v[i] ^ v[i + 8];
        }
    }

    // The function G of the RFC.
    private static void Mix(ref SixteenWords v, int a, int b, int c, int d, uint x, uint y)
    {
        v[a] = v[a] + v[b] + x;
        v[d] = BitOperations.RotateRight(v[d] ^ v[a], 16);
        v[c] += v[d];
        v[b] = BitOperations.RotateRight(v[b] ^ v[c], 12);
        v[a] = v[a] + v[b] + y;
        v[d] = BitOperations.RotateRight(v[d] ^ v[a], 8);
        v[c] += v[d];
        v[b] = BitOperations.RotateRight(v[b] ^ v[c], 7);
    }

    [InlineArray(8)]
    private struct EightWords
    {
        private uint _first;
    }

    [InlineArray(16)]
    private struct SixteenWords
    {
        private uint _first;
    }
}
