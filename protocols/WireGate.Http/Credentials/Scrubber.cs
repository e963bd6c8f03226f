using System.Buffers;
using System.Security.Cryptography;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials;

/// <summary>
/// Overwrites a real secret in what an upstream answers, in each way in which it may be written there, with as many stars: lengths stay true.
/// What may be the beginning of one is kept back until it is known. One for each connection, used for one response after the other.
/// </summary>
internal sealed class Scrubber : IDisposable
{
    private const byte Star = (byte)'*';

    private readonly NeedleSearch _search = new();
    private byte[]? _buffer;
    private MessageScan _messages;
    private bool _hasMessages;

    // Of the buffer so many bytes have been given, and so many behind them are kept back.
    private int _passed;
    private int _kept;

    /// <summary>Begins another response.</summary>
    /// <param name="forms">What must not be seen; borrowed until the next.</param>
    public void Begin(Secret[] forms)
    {
        _search.Set(forms);
        (_passed, _kept, _messages, _hasMessages) = (0, 0, default, false);
    }

    /// <summary>The body has messages of gRPC: each is passed on whole once it is.</summary>
    public void ReadMessages() => _hasMessages = true;

    /// <summary>What comes cannot be looked through: a message is compressed.</summary>
    public bool IsBlind => _messages.IsCompressed;

    /// <summary>Overwrites what stands whole in some bytes.</summary>
    /// <returns>Whether there was any.</returns>
    public bool Overwrite(Span<byte> bytes)
    {
        // Forms may overlap: what is behind the first of them is looked for before that is overwritten.
        int start = 0, end = 0;
        for (int at = 0; (at = _search.IndexOf(bytes, at, out int length)) >= 0; at++)
        {
            if (at >= end)
            {
                bytes[start..end].Fill(Star);
                start = at;
            }

            end = Math.Max(end, at + length);
        }

        bytes[start..end].Fill(Star);
        return end > 0;
    }

    /// <summary>Takes the next bytes of a body.</summary>
    /// <returns>What may be passed on; valid until the next call.</returns>
    public ReadOnlyMemory<byte> Take(ReadOnlySpan<byte> run)
    {
        int length = _kept + run.Length;
        if (_buffer is null || _buffer.Length < length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(length);
            _buffer.AsSpan(_passed, _kept).CopyTo(larger);
            GiveBack();
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_passed, _kept).CopyTo(_buffer);
        }

        run.CopyTo(_buffer.AsSpan(_kept));
        Span<byte> whole = _buffer.AsSpan(0, length);
        Overwrite(whole);
        _kept = _search.LongestBeginning(whole);
        if (_hasMessages)
        {
            _messages.Read(run);
            _kept = (int)Math.Min(_kept, _messages.Begun);
        }

        _passed = length - _kept;
        return _buffer.AsMemory(0, _passed);
    }

    /// <summary>The body has ended: what was kept back was the beginning of nothing.</summary>
    public ReadOnlyMemory<byte> Rest()
    {
        int kept = _kept;
        _kept = 0;
        return kept == 0 ? default : _buffer.AsMemory(_passed, kept);
    }

    /// <inheritdoc/>
    public void Dispose() => GiveBack();

    private void GiveBack()
    {
        if (_buffer is not null)
        {
            CryptographicOperations.ZeroMemory(_buffer);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }
}
