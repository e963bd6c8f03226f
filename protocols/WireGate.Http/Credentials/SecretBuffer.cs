using System.Buffers;
using System.Security.Cryptography;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials;

/// <summary>Bytes of which some are secret, gathered in memory that the collector does not copy, and that is erased wherever it is left.</summary>
internal sealed class SecretBuffer : IBufferWriter<byte>, IDisposable
{
    private const int First = 1024;

    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(First, pinned: true);

    /// <summary>How many there are.</summary>
    public int Length { get; private set; }

    /// <summary>All of them; valid until the next write.</summary>
    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    /// <summary>The same.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

    /// <inheritdoc/>
    public void Advance(int count) => Length += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _bytes.AsMemory(Length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _bytes.AsSpan(Length);
    }

    /// <summary>A copy with a life of its own.</summary>
    public Secret ToSecret() => Secret.CopyOf(Span);

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_bytes);
        Length = 0;
    }

    private void MakeRoom(int more)
    {
        if (_bytes.Length - Length >= Math.Max(1, more))
        {
            return;
        }

        byte[] larger = GC.AllocateUninitializedArray<byte>(Math.Max(2 * _bytes.Length, Length + more), pinned: true);
        Span.CopyTo(larger);
        CryptographicOperations.ZeroMemory(_bytes);
        _bytes = larger;
    }
}
