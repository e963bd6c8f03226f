using WireGate.Core.Framing;

namespace WireGate.Postgres.Messages;

/// <summary>The Int32 with which an Authentication message begins.</summary>
internal enum AuthenticationKind
{
    Ok = 0,
    KerberosV5 = 2,
    CleartextPassword = 3,
    Md5Password = 5,
    Gss = 7,
    GssContinue = 8,
    Sspi = 9,
    Sasl = 10,
    SaslContinue = 11,
    SaslFinal = 12,
}

/// <summary>What an upstream asks for. Its data is borrowed from the message.</summary>
internal readonly ref struct AuthenticationRequest
{
    /// <summary>Length in bytes of the salt of an md5 request.</summary>
    public const int Md5SaltLength = 4;

    private AuthenticationRequest(AuthenticationKind kind, ReadOnlySpan<byte> data)
    {
        Kind = kind;
        Data = data;
    }

    /// <summary>What is asked for.</summary>
    public AuthenticationKind Kind { get; }

    /// <summary>The salt of md5; the SASL message of continue and final; the mechanisms of SASL, for <see cref="Offers"/>; else empty.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <exception cref="ProtocolException">Malformed, or a kind that no PostgreSQL has.</exception>
    public static AuthenticationRequest Read(ReadOnlySpan<byte> body)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        var kind = (AuthenticationKind)reader.ReadInt32();
        ReadOnlySpan<byte> data = [];
        switch (kind)
        {
            case AuthenticationKind.Ok or AuthenticationKind.KerberosV5 or AuthenticationKind.CleartextPassword
                or AuthenticationKind.Gss or AuthenticationKind.Sspi:
                break;
            case AuthenticationKind.Md5Password:
                data = reader.ReadBytes(Md5SaltLength);
                break;
            case AuthenticationKind.Sasl:
                data = ReadMechanisms(ref reader, body);
                break;
            case AuthenticationKind.GssContinue or AuthenticationKind.SaslContinue or AuthenticationKind.SaslFinal:
                data = reader.ReadRest();
                break;
            default:
                ProtocolException.Throw(Peer.Upstream, "an authentication request of unknown kind");
                break;
        }

        reader.End();
        return new AuthenticationRequest(kind, data);
    }

    /// <summary>Whether a SASL request offers this mechanism.</summary>
    public bool Offers(ReadOnlySpan<byte> mechanism)
    {
        if (Kind != AuthenticationKind.Sasl)
        {
            return false;
        }

        var reader = new PostgresReader(Peer.Upstream, Data);
        while (reader.Remaining > 0)
        {
            if (reader.ReadCString().SequenceEqual(mechanism))
            {
                return true;
            }
        }

        return false;
    }

    // String, repeated, at least one; Byte1 0.
    private static ReadOnlySpan<byte> ReadMechanisms(scoped ref PostgresReader reader, ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> list = body[sizeof(int)..];
        int count = 0;
        while (!reader.ReadCString().IsEmpty)
        {
            count++;
        }

        if (count == 0)
        {
            ProtocolException.Throw(Peer.Upstream, "a SASL request without a mechanism");
        }

        return list[..^(1 + reader.Remaining)];
    }
}
