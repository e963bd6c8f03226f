using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace WireGate.Ssh.Keys;

/// <summary>The cipher Blowfish with bcrypt's key schedule. Its state is as secret as the key, so it is pinned and zeroed.</summary>
internal sealed class Blowfish : IDisposable
{
    private const int Rounds = 16;
    private const int SubkeyCount = Rounds + 2;
    private const int BoxLength = 256;
    private const int WordCount = SubkeyCount + (4 * BoxLength);

    private static readonly Lazy<uint[]> Pi = new(FractionOfPi);

    // The subkeys, then the four boxes.
    private readonly uint[] _state = GC.AllocateArray<uint>(WordCount, pinned: true);

    /// <summary>To the state that is nobody's key.</summary>
    public void Reset() => Pi.Value.CopyTo(_state);

    /// <summary>Mixes a key into the state, and the salt, if there is one, into what the state becomes of it.</summary>
    public void Expand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt)
    {
        int next = 0;
        for (int i = 0; i < SubkeyCount; i++)
        {
            _state[i] ^= NextWord(key, ref next);
        }

        next = 0;
        uint left = 0;
        uint right = 0;
        for (int i = 0; i < WordCount; i += 2)
        {
            if (!salt.IsEmpty)
            {
                left ^= NextWord(salt, ref next);
                right ^= NextWord(salt, ref next);
            }

            Encrypt(ref left, ref right);
            _state[i] = left;
            _state[i + 1] = right;
        }
    }

    /// <summary>Encrypts one block.</summary>
    public void Encrypt(ref uint left, ref uint right)
    {
        ReadOnlySpan<uint> state = _state.AsSpan(0, WordCount);
        uint l = left ^ state[0];
        uint r = right;
        for (int i = 1; i <= Rounds; i += 2)
        {
            r ^= Mix(state, l) ^ state[i];
            l ^= Mix(state, r) ^ state[i + 1];
        }

        left = r ^ state[Rounds + 1];
        right = l;
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_state.AsSpan()));

    private static uint Mix(ReadOnlySpan<uint> state, uint word) =>
        ((state[SubkeyCount + (int)(word >> 24)] + state[SubkeyCount + BoxLength + (int)((word >> 16) & 0xff)])
            ^ state[SubkeyCount + (2 * BoxLength) + (int)((word >> 8) & 0xff)])
        + state[SubkeyCount + (3 * BoxLength) + (int)(word & 0xff)];

    /// <summary>The next four bytes, beginning anew at the end; both keys and salts are whole words long.</summary>
    private static uint NextWord(ReadOnlySpan<byte> bytes, ref int next)
    {
        uint word = BinaryPrimitives.ReadUInt32BigEndian(bytes[next..]);
        next = (next + sizeof(uint)) % bytes.Length;
        return word;
    }

    /// <summary>
    /// The state Blowfish begins with are the first binary places of π. To compute them by Machin's formula takes some milliseconds once,
    /// and leaves no table to mistype.
    /// </summary>
    private static uint[] FractionOfPi()
    {
        // The last places of a sum of rounded terms are wrong.
        const int Guard = 64;
        const int Places = (WordCount * 32) + Guard;
        BigInteger pi = (16 * ArcTangentOfInverse(5, Places)) - (4 * ArcTangentOfInverse(239, Places));
        BigInteger fraction = (pi - (3 * (BigInteger.One << Places))) >> Guard;
        byte[] bytes = new byte[WordCount * sizeof(uint)];
        fraction.TryWriteBytes(bytes, out _, isUnsigned: true, isBigEndian: true);
        uint[] words = new uint[WordCount];
        for (int i = 0; i < WordCount; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(i * sizeof(uint)));
        }

        return words;
    }

    private static BigInteger ArcTangentOfInverse(int x, int places)
    {
        BigInteger power = (BigInteger.One << places) / x;
        BigInteger sum = power;
        for (int i = 3; !power.IsZero; i += 2)
        {
            power = -power / (x * x);
            sum += power / i;
        }

        return sum;
    }
}
