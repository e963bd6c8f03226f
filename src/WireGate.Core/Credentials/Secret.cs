using System.Diagnostics;
using System.Security.Cryptography;

namespace WireGate.Core.Credentials;

/// <summary>
/// A real credential, or what a client presented as one. It owns pinned memory, so that no copy is left behind by the
/// collector and zeroing really erases it. It never becomes a <see cref="string"/>.
/// </summary>
[DebuggerDisplay("***")]
public sealed class Secret : IDisposable
{
    private readonly byte[] _bytes;
    private int _length;

    private Secret(byte[] pinned, int length)
    {
        _bytes = pinned;
        _length = length;
    }

    /// <summary>Zeroes the memory if the owner forgot.</summary>
    ~Secret() => Erase();

    /// <summary>The bytes; empty after <see cref="Dispose"/>. Borrowed: valid while the owner keeps the secret.</summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, _length);

    /// <summary>Length in bytes.</summary>
    public int Length => _length;

    /// <summary>Copies the bytes into memory of its own; the caller still has to clear its copy.</summary>
    public static Secret CopyOf(ReadOnlySpan<byte> bytes)
    {
        byte[] pinned = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(pinned);
        return new Secret(pinned, bytes.Length);
    }

    /// <summary>Makes a secret of <paramref name="length"/> bytes, filled in place by <paramref name="fill"/>.</summary>
    public static Secret Create<TState>(int length, TState state, System.Buffers.SpanAction<byte, TState> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        byte[] pinned = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        fill(pinned, state);
        return new Secret(pinned, length);
    }

    /// <summary>A copy with a life of its own.</summary>
    public Secret Clone() => CopyOf(Span);

    /// <summary>Compares in a time that depends on the lengths only.</summary>
    public bool FixedTimeEquals(ReadOnlySpan<byte> other) => CryptographicOperations.FixedTimeEquals(Span, other);

    /// <summary>Zeroes the memory.</summary>
    public void Dispose()
    {
        Erase();
        GC.SuppressFinalize(this);
    }

    /// <summary>Always <c>***</c>.</summary>
    public override string ToString() => "***";

    private void Erase()
    {
        CryptographicOperations.ZeroMemory(_bytes);
        _length = 0;
    }
}
