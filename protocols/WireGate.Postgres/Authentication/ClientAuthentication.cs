using System.IO.Pipelines;
using System.Text;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport.Tls;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Startup;

namespace WireGate.Postgres.Authentication;

/// <summary>What a client has proven. The default proves nothing.</summary>
/// <param name="Placeholder">What it presented; null: nothing valid.</param>
/// <param name="Method">By which way.</param>
/// <param name="Final">What is still to be sent when all is well: the gateway's own SCRAM proof. Null: nothing.</param>
/// <param name="Verdict">Why it is not let in; Ok where it is.</param>
internal readonly record struct ClientProof(Placeholder? Placeholder, string Method, byte[]? Final, PlaceholderVerdict Verdict);

/// <summary>
/// Proves a client's placeholder by the way that its user name and its channel decide (product: "what the client's user name means").
/// AuthenticationOk is not sent here: the client learns that it is in when the upstream has accepted us.
/// </summary>
internal sealed class ClientAuthentication(IPlaceholderStore store, TimeProvider time)
{
    /// <summary>Runs the exchange.</summary>
    /// <returns>Null: the client closed, as psql does to ask its user for a password.</returns>
    /// <exception cref="ProtocolException">The client broke the protocol.</exception>
    public async ValueTask<ClientProof?> RunAsync(Session session, UserName user, ServerTls? tls)
    {
        bool isProtected = ClientOpening.IsProtected(session.Client);
        if (user.Kind == UserNameKind.Placeholder && !isProtected)
        {
            // No proof by SCRAM makes up for it.
            using Secret token = Secret.CopyOf(user.Token.Span);
            ClientProof proof = Judge(session, token, "user-name");
            return proof.Verdict == PlaceholderVerdict.Ok ? proof with { Verdict = PlaceholderVerdict.Exposed } : proof;
        }

        if (user.Kind == UserNameKind.PlaceholderId || !isProtected || session.Listener.ScramOnly)
        {
            return await ScramAsync(session, user, session.Client.Tls is null ? default : ChannelBinding.EndPointHash(tls!.Certificate));
        }

        if (user.Kind == UserNameKind.Placeholder)
        {
            using Secret token = Secret.CopyOf(user.Token.Span);
            return Judge(session, token, "user-name");
        }

        return await PasswordAsync(session);
    }

    private async ValueTask<ClientProof?> PasswordAsync(Session session)
    {
        PipeWriter output = session.Client.Output;
        output.WriteAuthenticationCleartextPassword();
        await output.FlushAsync(CancellationToken.None);
        var input = new HandshakeInput<ClientAuthenticationFramer>(session.Client.Input);
        if (!await input.NextAsync())
        {
            return null;
        }

        Secret password;
        try
        {
            password = ClientResponses.ReadPassword(input.Body);
        }
        finally
        {
            input.Release();
        }

        using (password)
        {
            return Judge(session, password, "password");
        }
    }

    private ClientProof Judge(Session session, Secret token, string method)
    {
        Placeholder? found = PlaceholderToken.TryParse(token.Span, out ReadOnlySpan<byte> id) ? store.Find(id) : null;
        bool proven = store.Verify(found, token.Span);
        PlaceholderVerdict verdict = PlaceholderChecks.Judge(found, time.GetUtcNow(), session.SourceAddress);
        return new ClientProof(found, method, null, proven ? verdict : PlaceholderVerdict.Unknown);
    }

    private async ValueTask<ClientProof?> ScramAsync(Session session, UserName user, ReadOnlyMemory<byte> binding)
    {
        // A name without an id gets the same exchange with a proof that nobody has.
        byte[] id = user.Kind == UserNameKind.Plain ? Encoding.ASCII.GetBytes("none") : user.Id.ToArray();
        Placeholder? found = user.Kind == UserNameKind.Plain ? null : store.Find(id);
        PlaceholderProof fake = store.FakeProof(id);
        var scram = new ScramServer(found?.Proof ?? fake, binding, ScramText.NewNonce());

        PipeWriter output = session.Client.Output;
        output.WriteAuthenticationSasl(ScramServer.Mechanisms(!binding.IsEmpty));
        await output.FlushAsync(CancellationToken.None);

        var input = new HandshakeInput<ClientAuthenticationFramer>(session.Client.Input);
        if (!await input.NextAsync())
        {
            return null;
        }

        string method;
        try
        {
            ClientResponses.ReadSaslInitial(input.BodySpan, out ReadOnlySpan<byte> mechanism, out ReadOnlySpan<byte> response);
            output.WriteAuthenticationSaslContinue(scram.First(mechanism, response));
            method = mechanism.EndsWith("-PLUS"u8) ? "scram-sha-256-plus" : "scram-sha-256";
        }
        finally
        {
            input.Release();
        }

        await output.FlushAsync(CancellationToken.None);
        if (!await input.NextAsync())
        {
            return null;
        }

        bool proven;
        byte[]? final;
        try
        {
            proven = scram.Final(input.BodySpan, out final);
        }
        finally
        {
            input.Release();
        }

        PlaceholderVerdict verdict = PlaceholderChecks.Judge(found, time.GetUtcNow(), session.SourceAddress);
        return new ClientProof(found, method, final, proven ? verdict : PlaceholderVerdict.Unknown);
    }
}
