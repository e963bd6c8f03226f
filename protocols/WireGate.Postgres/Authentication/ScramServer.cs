using System.Security.Cryptography;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;

namespace WireGate.Postgres.Authentication;

/// <summary>
/// The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677), by which a client proves a placeholder. One exchange.
/// An unknown placeholder runs through the same steps with the store's fake proof, so that it cannot be told from a wrong secret.
/// </summary>
/// <param name="proof">What the store keeps of the placeholder.</param>
/// <param name="endPointBinding">tls-server-end-point of our certificate; empty: there is none, and PLUS is not offered.</param>
/// <param name="nonce">Our half of the nonce, fresh.</param>
internal sealed class ScramServer(PlaceholderProof proof, ReadOnlyMemory<byte> endPointBinding, byte[] nonce)
{
    private byte[] _clientFirstBare = [];
    private byte[] _serverFirst = [];
    private byte[] _bindingInput = [];
    private byte[] _wholeNonce = [];
    private Step _next = Step.First;

    private enum Step
    {
        First,
        Final,
        None,
    }

    /// <summary>What is offered to a client on this connection, the preferred one first.</summary>
    public static ReadOnlySpan<string> Mechanisms(bool hasEndPointBinding) => hasEndPointBinding
        ? new[] { ScramText.Sha256Plus, ScramText.Sha256 }
        : [ScramText.Sha256];

    /// <summary>Reads client-first-message and makes server-first-message.</summary>
    /// <param name="mechanism">What the client chose.</param>
    /// <param name="message">gs2-cbind-flag "," ["a=" authzid] "," "n=" user ",r=" nonce *("," extension)</param>
    /// <exception cref="ProtocolException">Malformed, not an offered mechanism, or the channel binding was stripped on the way.</exception>
    public byte[] First(ReadOnlySpan<byte> mechanism, ReadOnlySpan<byte> message)
    {
        Enter(Step.First, message);
        bool isPlus = mechanism.SequenceEqual("SCRAM-SHA-256-PLUS"u8);
        if ((isPlus && endPointBinding.IsEmpty) || (!isPlus && !mechanism.SequenceEqual("SCRAM-SHA-256"u8)))
        {
            ProtocolException.Throw(Peer.Client, "a SASL mechanism that was not offered");
        }

        var text = new ScramText(Peer.Client, message);
        CheckBindingFlag(text.ReadPart(), isPlus);
        if (!text.ReadPart().IsEmpty)
        {
            ProtocolException.Throw(Peer.Client, "a SCRAM authorization identity, which PostgreSQL does not know");
        }

        // cbind-input = gs2-header [cbind-data]
        ReadOnlySpan<byte> header = message[..text.Position];
        _bindingInput = ScramText.ToBase64([.. header, .. isPlus ? endPointBinding.Span : []]);
        _clientFirstBare = message[text.Position..].ToArray();

        // The name says nothing: who it is stands in the startup message. A mandatory extension ("m=") fails here.
        text.Read((byte)'n');
        _wholeNonce = [.. text.ReadNonce(), .. nonce];
        SkipExtensions(ref text);

        _serverFirst = [.. "r="u8, .. _wholeNonce, .. ",s="u8, .. ScramText.ToBase64(proof.Salt.Span), .. ",i="u8, .. Digits(proof.Iterations)];
        _next = Step.Final;
        return _serverFirst;
    }

    /// <summary>Reads client-final-message, checks the proof, and makes server-final-message.</summary>
    /// <param name="message">"c=" cbind-input ",r=" nonce *("," extension) ",p=" proof</param>
    /// <param name="serverFinal">Our own proof; null when the client's is wrong.</param>
    /// <returns>False: well formed, but not by somebody who has the placeholder.</returns>
    /// <exception cref="ProtocolException">Malformed, of another exchange, or bound to another TLS connection.</exception>
    public bool Final(ReadOnlySpan<byte> message, out byte[]? serverFinal)
    {
        serverFinal = null;
        Enter(Step.Final, message);
        var text = new ScramText(Peer.Client, message);
        if (!text.Read((byte)'c').SequenceEqual(_bindingInput))
        {
            ProtocolException.Throw(Peer.Client, "a SCRAM channel binding that is not this connection's");
        }

        if (!text.ReadNonce().SequenceEqual(_wholeNonce))
        {
            ProtocolException.Throw(Peer.Client, "a SCRAM nonce of another exchange");
        }

        int proofAt = message.LastIndexOf(",p="u8);
        while (text.Position < proofAt)
        {
            text.ReadAny(out _);
        }

        Span<byte> clientProof = stackalloc byte[ScramSha256.KeyLength];
        text.ReadExactly((byte)'p', clientProof);
        if (text.HasMore)
        {
            ProtocolException.Throw(Peer.Client, "a SCRAM message that goes on behind its proof");
        }

        ReadOnlySpan<byte> withoutProof = message[..proofAt];
        if (!IsProofOfClient(clientProof, withoutProof))
        {
            return false;
        }

        Span<byte> signature = stackalloc byte[ScramSha256.KeyLength];
        ScramText.Sign(proof.ServerKey.Span, _clientFirstBare, _serverFirst, withoutProof, signature);
        serverFinal = [.. "v="u8, .. ScramText.ToBase64(signature)];
        return true;
    }

    private static void SkipExtensions(ref ScramText text)
    {
        while (text.HasMore)
        {
            text.ReadAny(out _);
        }
    }

    private static byte[] Digits(int value)
    {
        byte[] digits = new byte[10];
        value.TryFormat(digits, out int written, provider: System.Globalization.CultureInfo.InvariantCulture);
        return digits[..written];
    }

    // ClientKey := ClientProof XOR HMAC(StoredKey, AuthMessage); H(ClientKey) must be StoredKey.
    private bool IsProofOfClient(Span<byte> clientProof, ReadOnlySpan<byte> withoutProof)
    {
        Span<byte> clientKey = stackalloc byte[ScramSha256.KeyLength];
        Span<byte> storedKey = stackalloc byte[ScramSha256.KeyLength];
        ScramText.Sign(proof.StoredKey.Span, _clientFirstBare, _serverFirst, withoutProof, clientKey);
        for (int i = 0; i < clientKey.Length; i++)
        {
            clientKey[i] ^= clientProof[i];
        }

        ScramSha256.StoredKey(clientKey, storedKey);
        CryptographicOperations.ZeroMemory(clientKey);
        return CryptographicOperations.FixedTimeEquals(storedKey, proof.StoredKey.Span);
    }

    private void CheckBindingFlag(ReadOnlySpan<byte> flag, bool isPlus)
    {
        if (isPlus)
        {
            if (!flag.SequenceEqual("p=tls-server-end-point"u8))
            {
                ProtocolException.Throw(Peer.Client, "a SCRAM channel binding of another type");
            }
        }
        else if (flag.SequenceEqual("y"u8))
        {
            // "I could, but you do not offer it." We did: somebody between took it out of the list.
            if (!endPointBinding.IsEmpty)
            {
                ProtocolException.Throw(Peer.Client, "SCRAM channel binding was offered and has been stripped on the way");
            }
        }
        else if (!flag.SequenceEqual("n"u8))
        {
            ProtocolException.Throw(Peer.Client, "a SCRAM channel binding flag that does not fit the mechanism");
        }
    }

    private void Enter(Step step, ReadOnlySpan<byte> message)
    {
        if (_next != step)
        {
            throw new InvalidOperationException("A SCRAM exchange out of order.");
        }

        _next = Step.None;
        if (message.Length > ScramText.MaxMessageLength)
        {
            ProtocolException.Throw(Peer.Client, "a SCRAM message that is too long");
        }
    }
}
