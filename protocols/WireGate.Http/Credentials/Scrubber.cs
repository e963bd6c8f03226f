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

    private Secret[] _forms = [];
    private byte[]? _buffer;

    // Of the buffer so many bytes have been given, and so many behind them are kept back.
    private int _passed;
    private int _kept;

    /// <summary>Begins another response.</summary>
    /// <param name="forms">What must not be seen; borrowed until the next.</param>
    public void Begin(Secret[] forms)
    {
        _forms = forms;
        (_passed, _kept) = (0, 0);
    }

    /// <summary>Overwrites what stands whole in some bytes.</summary>
    /// <returns>Whether there was any.</returns>
    public bool Overwrite(Span<byte> bytes)
    {
        bool isAny = false;
        foreach (Secret form in _forms)
        {
            for (Span<byte> rest = bytes; form.Length > 0 && rest.IndexOf(form.Span) is >= 0 and var at; rest = rest[(at + form.Length)..])
            {
                rest.Slice(at, form.Length).Fill(Star);
                isAny = true;
            }
        }

        return isAny;
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
        _kept = LongestBeginning(whole);
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

    // How many of the last bytes are the first of some form.
    private int LongestBeginning(ReadOnlySpan<byte> bytes)
    {
        int longest = 0;
        foreach (Secret form in _forms)
        {
            for (int length = Math.Min(form.Length - 1, bytes.Length); length > longest; length--)
            {
                if (bytes[^length..].SequenceEqual(form.Span[..length]))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }

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
