using System.Collections.Immutable;
using System.Text;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Authentication;

/// <summary>What the gateway proves itself with to an upstream. What is null is not tried.</summary>
/// <param name="User">The real account.</param>
/// <param name="Key">Its private key.</param>
/// <param name="Password">Its password; also the answer to a single hidden question.</param>
/// <param name="Certificate">The blob of the key's certificate; null: the upstream knows the key itself.</param>
internal sealed record UpstreamCredential(string User, SshPrivateKey? Key, Secret? Password, byte[]? Certificate = null) : IDisposable
{
    /// <summary>Erases both.</summary>
    public void Dispose()
    {
        Key?.Dispose();
        Password?.Dispose();
    }
}

/// <summary>The client's side of RFC 4252, with the real credential. The key first; what the upstream then still asks for, after it.</summary>
internal sealed class UpstreamAuthentication(SshTransport transport, UpstreamCredential credential)
{
    // The key, the password, and as many rounds of questions as a server with two factors has.
    private const int MostAttempts = 6;
    private const int MostQuestions = 8;

    // Of all banners together. What is beyond it is left out.
    private const int MostBannerBytes = 64 << 10;

    private bool _hasTriedKey;
    private bool _hasTriedPassword;
    private bool _hasTriedQuestions;
    private int _bannerBytes;

    /// <summary>What the upstream said within the login for people to read, each as it came, in UTF-8 and without characters that control.</summary>
    public ImmutableArray<string> Banners { get; private set; } = [];

    /// <summary>Logs in.</summary>
    /// <returns>Null: it is in. Else why not, for the operator.</returns>
    /// <exception cref="ProtocolException">The upstream broke the protocol.</exception>
    /// <exception cref="IOException">The upstream closed.</exception>
    public async ValueTask<string?> RunAsync()
    {
        RequestService();
        await ReadAsync();
        if (transport.Kind != SshMessage.SSH_MSG_SERVICE_ACCEPT)
        {
            ProtocolException.Throw(Peer.Upstream, "another answer than SSH_MSG_SERVICE_ACCEPT");
        }

        // The first request is for what it lets in at once, and for what it asks for.
        using (SshWriter request = Request("none"u8))
        {
            transport.Send(request.WrittenSpan);
        }

        string offered = "";
        for (int attempt = 0; attempt <= MostAttempts; attempt++)
        {
            await ReadAsync();
            switch (transport.Kind)
            {
                case SshMessage.SSH_MSG_USERAUTH_SUCCESS:
                    transport.IsAuthenticated = true;
                    return null;
                case SshMessage.SSH_MSG_USERAUTH_60 when _hasTriedQuestions:
                    if (AnswerQuestions() is { } why)
                    {
                        return why;
                    }

                    break;
                case SshMessage.SSH_MSG_USERAUTH_FAILURE:
                    offered = ReadFailure();
                    if (!TryNext(offered.Split(',')))
                    {
                        return $"the upstream did not accept {Tried()}; it offers {(offered.Length == 0 ? "nothing else" : offered)}";
                    }

                    break;
                default:
                    ProtocolException.Throw(Peer.Upstream, "a message that may not come within the login");
                    break;
            }
        }

        return $"the upstream asks again and again; it offers {offered}";
    }

    private bool TryNext(string[] offered)
    {
        if (!_hasTriedKey && credential.Key is { } key && offered.Contains("publickey"))
        {
            _hasTriedKey = true;
            SendKey(key);
            return true;
        }

        if (!_hasTriedPassword && credential.Password is { } password && offered.Contains("password"))
        {
            _hasTriedPassword = true;
            using SshWriter request = Request("password"u8);
            request.Boolean(false).String(password.Span);
            transport.Send(request.WrittenSpan);
            return true;
        }

        if (!_hasTriedQuestions && credential.Password is not null && offered.Contains("keyboard-interactive"))
        {
            _hasTriedQuestions = true;
            using SshWriter request = Request("keyboard-interactive"u8);
            request.String("").String("");
            transport.Send(request.WrittenSpan);
            return true;
        }

        return false;
    }

    /// <summary>
    /// RFC 4252 section 7: what is signed is the session's id as a string, and the request up to the signature. The upstream is not asked
    /// first whether it would take the key: it would be one more round, and there is no other.
    /// </summary>
    private void SendKey(SshPrivateKey key)
    {
        string algorithm = AlgorithmFor(key.PublicKey);
        using SshWriter request = Request("publickey"u8);
        request.Boolean(true);
        _ = credential.Certificate is { } certificate
            ? request.String(SshCertificate.CertificateName(algorithm)).String(certificate)
            : request.String(algorithm).String(key.PublicKey.Blob.Span);
        using var signed = new SshWriter(1024);
        signed.String(transport.SessionId).Raw(request.WrittenSpan);
        request.String(key.Sign(algorithm, signed.WrittenSpan));
        transport.Send(request.WrittenSpan);
    }

    /// <summary>RFC 8332: which hash an RSA key signs with is the upstream's to say. One that says nothing is taken for new enough.</summary>
    private string AlgorithmFor(SshPublicKey key)
    {
        ImmutableArray<string> able = key.SignatureAlgorithms;
        if (able.Length == 1 || transport.ServerSigAlgs is not { } told)
        {
            return able[0];
        }

        string[] taken = Encoding.ASCII.GetString(told).Split(',');
        return able.FirstOrDefault(a => taken.Contains(a)) ?? able[0];
    }

    /// <summary>RFC 4256: one hidden question is the password; none is asked for the sake of asking; anything else is nobody's here.</summary>
    private string? AnswerQuestions()
    {
        var reader = new SshReader(Peer.Upstream, transport.Packet.Payload);
        reader.ReadByte();
        reader.ReadString();
        reader.ReadString();
        reader.ReadString();
        uint count = reader.ReadUInt32();
        if (count > MostQuestions)
        {
            ProtocolException.Throw(Peer.Upstream, "too many questions");
        }

        bool isHidden = false;
        for (uint i = 0; i < count; i++)
        {
            reader.ReadString();
            isHidden = !reader.ReadBoolean();
        }

        reader.End();
        if (count > 1 || (count == 1 && !isHidden))
        {
            return "the upstream asks for more than a password";
        }

        using var writer = new SshWriter();
        writer.Byte((byte)SshMessage.SSH_MSG_USERAUTH_INFO_RESPONSE).UInt32(count);
        if (count == 1)
        {
            writer.String(credential.Password!.Span);
        }

        transport.Send(writer.WrittenSpan);
        return null;
    }

    private string ReadFailure()
    {
        var reader = new SshReader(Peer.Upstream, transport.Packet.Payload);
        reader.ReadByte();
        string methods = PeerText.Of(reader.ReadString());
        reader.ReadBoolean();
        reader.End();
        return methods;
    }

    private string Tried() => (_hasTriedKey, _hasTriedPassword || _hasTriedQuestions) switch
    {
        (true, true) => "the login's key and password",
        (true, false) => "the login's key",
        (false, true) => "the login's password",
        _ => "a login without a key or a password that it would take",
    };

    private void RequestService()
    {
        using var writer = new SshWriter();
        writer.Byte((byte)SshMessage.SSH_MSG_SERVICE_REQUEST).String("ssh-userauth"u8);
        transport.Send(writer.WrittenSpan);
    }

    private SshWriter Request(ReadOnlySpan<byte> method) => new SshWriter(1024)
        .Byte((byte)SshMessage.SSH_MSG_USERAUTH_REQUEST).String(credential.User).String("ssh-connection"u8).String(method);

    private async ValueTask ReadAsync()
    {
        while (true)
        {
            if (!await transport.ReadAsync())
            {
                throw new IOException(transport.Disconnected is { } said ? $"the upstream disconnected: {said.Text}" : "the upstream closed within the login");
            }

            if (transport.Kind != SshMessage.SSH_MSG_USERAUTH_BANNER)
            {
                return;
            }

            KeepBanner();
        }
    }

    /// <summary>RFC 4252 section 5.4: string message, string language tag.</summary>
    private void KeepBanner()
    {
        var reader = new SshReader(Peer.Upstream, transport.Packet.Payload);
        reader.ReadByte();
        ReadOnlySpan<byte> message = reader.ReadString();
        reader.ReadString();
        reader.End();
        if (!message.IsEmpty && message.Length <= MostBannerBytes - _bannerBytes)
        {
            _bannerBytes += message.Length;
            Banners = Banners.Add(PeerText.Lines(message));
        }
    }
}
