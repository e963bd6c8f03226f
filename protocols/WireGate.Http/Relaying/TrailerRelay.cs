using System.Text;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using WireGate.Http.Http2;

namespace WireGate.Http.Relaying;

/// <summary>
/// The fields behind a body, as they go on. They come when all of the message was judged: what means something in a head stays behind, since some
/// servers put both together. One for each direction of an exchange, used for one message after the other.
/// </summary>
/// <param name="peer">Whose they are.</param>
internal sealed class TrailerRelay(Peer peer) : IDisposable
{
    // Of a name that goes on.
    private const int Longest = 256;

    private static readonly byte[][] Families =
    [
        "content-"u8.ToArray(), "proxy-"u8.ToArray(), "x-amz-"u8.ToArray(), "sec-"u8.ToArray(), "access-control-"u8.ToArray(), "if-"u8.ToArray(),
        "accept-"u8.ToArray(), "cdn-"u8.ToArray(),
    ];

    private static readonly byte[][] Names =
    [
        "age"u8.ToArray(), "allow"u8.ToArray(), "cache-control"u8.ToArray(), "clear-site-data"u8.ToArray(), "date"u8.ToArray(), "expires"u8.ToArray(),
        "from"u8.ToArray(), "last-modified"u8.ToArray(), "link"u8.ToArray(), "max-forwards"u8.ToArray(), "origin"u8.ToArray(), "pragma"u8.ToArray(),
        "referer"u8.ToArray(), "retry-after"u8.ToArray(), "server"u8.ToArray(), "strict-transport-security"u8.ToArray(), "user-agent"u8.ToArray(),
        "vary"u8.ToArray(), "warning"u8.ToArray(),
    ];

    private readonly FieldSection _passed = new();
    private bool _goOn;
    private bool _isMasked;
    private Scrubber? _scrubber;
    private SessionRules? _rules;
    private Credential? _credential;
    private MessageHead? _head;

    /// <summary>Those of a request come.</summary>
    /// <param name="head">Of the request.</param>
    /// <param name="goOn">The upstream gets them; else they are only looked at.</param>
    /// <param name="credential">What stands in the request.</param>
    /// <param name="rules">By which it was judged, and by what fields of its head.</param>
    public void BeginRequest(RequestHead head, bool goOn, Credential credential, SessionRules? rules) =>
        (_head, _goOn, _credential, _rules, _scrubber, _isMasked) = (head, goOn, credential, rules, null, false);

    /// <summary>Those of a response come.</summary>
    /// <param name="head">Of the response.</param>
    /// <param name="goOn">The client takes them.</param>
    /// <param name="scrubber">What they go through.</param>
    /// <param name="isMasked">The body before them is.</param>
    public void BeginResponse(ResponseHead head, bool goOn, Scrubber scrubber, bool isMasked) =>
        (_head, _goOn, _credential, _rules, _scrubber, _isMasked) = (head, goOn, null, null, scrubber, isMasked);

    /// <summary>Takes them.</summary>
    /// <returns>Those that go on; null: none do. Valid until the next.</returns>
    /// <exception cref="ProtocolException">A placeholder is among them.</exception>
    public FieldSection? Take(FieldSection? came)
    {
        _passed.Clear();
        foreach (ref readonly FieldLine field in came is null ? default : came.Fields)
        {
            ReadOnlySpan<byte> name = came!.Name(field), value = came.Value(field);
            if (peer == Peer.Client && (PlaceholderToken.IsWithin(name) || PlaceholderToken.IsWithin(value) || BinaryField.HasPlaceholder(name, value)
                || EncodedPlaceholder.IsWithin(value)))
            {
                ProtocolException.Throw(peer, "a placeholder in a trailer");
            }

            if (_goOn && Passes(name) && !_head!.IsNominated(name))
            {
                if (_scrubber is not null)
                {
                    if (IsSecret(name))
                    {
                        continue;
                    }

                    BinaryField.Scrub(name, came.WritableValue(field), _scrubber);
                    _scrubber.Overwrite(came.WritableValue(field));
                }

                _passed.Add(name, value);
            }
        }

        return _passed.Fields.IsEmpty ? null : _passed;
    }

    /// <inheritdoc/>
    public void Dispose() => _passed.Dispose();

    private bool IsSecret(ReadOnlySpan<byte> name)
    {
        Span<byte> copy = stackalloc byte[Longest];
        name.CopyTo(copy);
        return _scrubber!.Overwrite(copy[..name.Length]);
    }

    private bool Passes(ReadOnlySpan<byte> name)
    {
        if (name.Length > Longest)
        {
            return false;
        }

        // X_Api_Key and X-Api-Key are one variable to some servers.
        Span<byte> dashed = stackalloc byte[Longest];
        dashed = dashed[..name.Length];
        name.Replace(dashed, (byte)'_', (byte)'-');
        return FieldNames.Of(dashed) switch
        {
            FieldName.BodyHash when _isMasked => false,
            FieldName.Other or FieldName.BodyHash => !IsOfHeads(dashed) && !(_credential is { } credential && HeadWriter.IsNamed(name, credential.FieldName)) && !IsJudged(name),
            FieldName.ETag or FieldName.Digest or FieldName.ReprDigest => peer == Peer.Upstream && !_isMasked,
            _ => false,
        };
    }

    private bool IsJudged(ReadOnlySpan<byte> name) => _rules is { HttpHeaders.IsEmpty: false } rules && rules.AsksForHeader(Encoding.ASCII.GetString(name));

    // RFC 9110 section 6.5.1: what routes, proves, frames, asks for something else, or says what caches do.
    private static bool IsOfHeads(ReadOnlySpan<byte> name)
    {
        foreach (byte[] begin in Families)
        {
            if (name.Length >= begin.Length && Ascii.EqualsIgnoreCase(name[..begin.Length], begin))
            {
                return true;
            }
        }

        foreach (byte[] single in Names)
        {
            if (Ascii.EqualsIgnoreCase(name, single))
            {
                return true;
            }
        }

        return false;
    }
}
