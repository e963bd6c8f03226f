using System.Security.Cryptography;
using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials;

/// <summary>
/// Looks for a placeholder in a body that streams past, whatever the pieces in which it comes. What may be the beginning of one is passed on as long as it has
/// no more than what anybody may know of it: who waits for an answer to what ends with a <c>w</c> is not kept waiting. For one body after the other.
/// </summary>
internal sealed class PlaceholderGuard
{
    /// <summary>What the client is told.</summary>
    public const string Found = "a placeholder in the body";

    // "wgp_", the id and "_"
    private const int Public = 4 + PlaceholderToken.IdLength + 1;
    private const int Longest = PlaceholderToken.Length - 1;

    // What may be the beginning of one, and how much of it was passed on.
    private readonly byte[] _begun = new byte[Longest];
    private readonly byte[] _joined = new byte[2 * Longest];
    private int _length;
    private int _passed;

    /// <summary>Another body begins.</summary>
    public void Begin() => Forget();

    /// <summary>Takes the next bytes of it.</summary>
    /// <param name="run">They.</param>
    /// <param name="before">What is passed on first; valid until the next call.</param>
    /// <param name="rest">What is passed on then, a part of <paramref name="run"/>.</param>
    /// <returns>False: a placeholder is in it, and nothing more passes.</returns>
    public bool TryTake(ReadOnlyMemory<byte> run, out ReadOnlyMemory<byte> before, out ReadOnlyMemory<byte> rest)
    {
        before = rest = default;
        if (_length > 0)
        {
            int added = Math.Min(run.Length, Longest), begun = _length, passed = _passed;
            _begun.AsSpan(0, begun).CopyTo(_joined);
            run.Span[..added].CopyTo(_joined.AsSpan(begun));
            ReadOnlyMemory<byte> joined = _joined.AsMemory(0, begun + added);
            if (PlaceholderToken.IsWithin(joined.Span))
            {
                return false;
            }

            if (added == run.Length)
            {
                before = joined[passed..^Keep(joined.Span)];
                return true;
            }

            // What has begun was none, or it would be whole.
            before = joined[passed..begun];
        }

        if (PlaceholderToken.IsWithin(run.Span))
        {
            return false;
        }

        rest = run[..^Keep(run.Span)];
        return true;
    }

    /// <summary>It has ended: what was kept back was the beginning of nothing.</summary>
    public ReadOnlyMemory<byte> Rest() => _begun.AsMemory(_passed, _length - _passed);

    /// <summary>Remembers nothing of it.</summary>
    public void Forget()
    {
        CryptographicOperations.ZeroMemory(_begun);
        CryptographicOperations.ZeroMemory(_joined);
        (_length, _passed) = (0, 0);
    }

    /// <returns>How many of the last bytes are kept back.</returns>
    private int Keep(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> last = text.Length > Longest ? text[^Longest..] : text;
        _length = 0;
        for (int at; (at = last.IndexOf((byte)'w')) >= 0; last = last[(at + 1)..])
        {
            if (PlaceholderToken.IsBeginning(last[at..]))
            {
                last[at..].CopyTo(_begun);
                _length = last.Length - at;
                break;
            }
        }

        _passed = Math.Min(_length, Public);
        return _length - _passed;
    }
}
