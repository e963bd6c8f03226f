using System.Buffers;
using System.Security.Cryptography;

namespace WireGate.Http.Masking;

/// <summary>Where masked bytes are gathered until they are sent. Grows as it must; its memory is pooled, and erased before it is given back.</summary>
internal sealed class MaskOutput : IDisposable
{
    private byte[] _bytes = [];
    private int _length;

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    /// <summary>Forgets what was written.</summary>
    public void Clear() => _length = 0;

    /// <summary>Appends bytes as they are.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _length += bytes.Length;
    }

    /// <summary>Appends a text as it stands within a JSON string.</summary>
    public void WriteEscaped(ReadOnlySpan<byte> text)
    {
        foreach (byte b in text)
        {
            if (b is (byte)'"' or (byte)'\\')
            {
                Write([(byte)'\\', b]);
            }
            else if (b < ' ')
            {
                const string Digits = "0123456789abcdef";
                Write([(byte)'\\', (byte)'u', (byte)'0', (byte)'0', (byte)Digits[b >> 4], (byte)Digits[b & 15]]);
            }
            else
            {
                Write([b]);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        GiveBack();
        (_bytes, _length) = ([], 0);
    }

    private Span<byte> Reserve(int count)
    {
        if (_bytes.Length - _length < count)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(4 * 1024, Math.Max(_length + count, 2 * _length)));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            GiveBack();
            _bytes = larger;
        }

        return _bytes.AsSpan(_length);
    }

    private void GiveBack()
    {
        if (_bytes.Length > 0)
        {
            CryptographicOperations.ZeroMemory(_bytes);
            ArrayPool<byte>.Shared.Return(_bytes);
        }
    }
}
