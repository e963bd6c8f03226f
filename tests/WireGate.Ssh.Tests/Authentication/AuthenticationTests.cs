using System.Collections.Immutable;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Tests.Transport;
using WireGate.Testing.Credentials;
using WireGate.Testing.Time;

namespace WireGate.Ssh.Tests.Authentication;

/// <summary>What a client proves to us, and how we prove ourselves to an upstream: against each other, and against a script.</summary>
internal sealed class AuthenticationTests
{
    private readonly ManualTime _time = new();
    private ProvenPlaceholders _placeholders = null!;
    private TransportPair _pair = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _placeholders = new ProvenPlaceholders(_time);
        _pair = await TransportPair.OpenAsync();
    }

    [TearDown]
    public async Task CloseAsync() => await _pair.DisposeAsync();

    [Test]
    public async Task A_placeholder_is_proven_as_the_password()
    {
        (string id, string token) = _placeholders.Mint();
        ClientProof? proof = await ProveAsync("alice+orders", token);

        Assert.That(proof?.Placeholder?.Id, Is.EqualTo(id));
        Assert.That(proof, Has.Property("Method").EqualTo("password").And.Property("Verdict").EqualTo(PlaceholderVerdict.Ok));
        Assert.That(Encoding.ASCII.GetString(proof!.Value.User), Is.EqualTo("alice+orders"));
    }

    [TestCase("wgp_0000000000_00000000000000000000000000000000000000")]
    [TestCase("")]
    public async Task What_is_no_placeholder_is_refused_as_often_as_it_comes(string password)
    {
        ClientProof? proof = await ProveAsync("alice", password);

        Assert.That(proof, Has.Property("Method").EqualTo("keyboard-interactive"), "as password, and as answer; then our own client gives up");
        Assert.That(proof, Has.Property("Verdict").EqualTo(PlaceholderVerdict.Unknown));
    }

    [Test]
    public async Task Who_tries_again_and_again_is_told_to_go()
    {
        ClientProof? proof = null;
        await _pair.OnLoopAsync(async () =>
        {
            Task<ClientProof?> proving = Server().RunAsync(Session()).AsTask();
            SendService();
            for (int i = 0; i < 6; i++)
            {
                using SshWriter request = Request("password").Boolean(false).String("nothing");
                _pair.Client.Send(request.WrittenSpan);
            }

            await _pair.Client.FlushAsync();
            proof = await proving;
        });

        Assert.That(proof, Has.Property("Verdict").EqualTo(PlaceholderVerdict.Unknown));
    }

    [TestCase("another name")]
    [TestCase("another service")]
    [TestCase("success")]
    [TestCase("channel")]
    [TestCase("channel", "keyboard-interactive")]
    [TestCase("success", "keyboard-interactive")]
    [TestCase("more than a password")]
    public async Task What_may_not_come_before_the_proof_ends_the_session(string what, string before = "none")
    {
        await _pair.OnLoopAsync(async () =>
        {
            Task<ClientProof?> proving = Server().RunAsync(Session()).AsTask();
            SendService();
            using (SshWriter request = Request(before))
            {
                _pair.Client.Send(request.WrittenSpan);
            }

            using SshWriter bad = what switch
            {
                "another name" => Request("none", user: "bob"),
                "more than a password" => Request("password").Boolean(false).String("x").Byte(1),
                "another service" => Request("none", service: "ssh-agent"),
                "success" => new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_SUCCESS),
                _ => new SshWriter().Byte((byte)SshMessage.SSH_MSG_CHANNEL_OPEN).String("session").UInt32(0).UInt32(0).UInt32(0),
            };
            _pair.Client.Send(bad.WrittenSpan);
            await _pair.Client.FlushAsync();
            try
            {
                await proving;
                Assert.Fail("it passed");
            }
            catch (ProtocolException e)
            {
                Assert.That(e.Peer, Is.EqualTo(Peer.Client));
            }
        });
    }

    [Test]
    public async Task The_login_is_proven_by_its_key_over_the_session()
    {
        using var key = SshPrivateKey.Generate();
        bool isVerified = false;
        string? refused = "-";
        await _pair.OnLoopAsync(async () =>
        {
            using var credential = new UpstreamCredential("deploy", key, null);
            Task<string?> login = new UpstreamAuthentication(_pair.Client, credential).RunAsync().AsTask();
            await AcceptServiceAsync();
            await AnswerAsync(SshMessage.SSH_MSG_USERAUTH_FAILURE, w => w.String("publickey,password").Boolean(false));
            Assert.That(await _pair.Server.ReadAsync(), Is.True);
            isVerified = IsSigned(_pair.Server.Packet.Payload, key.PublicKey);
            await AnswerAsync(SshMessage.SSH_MSG_USERAUTH_SUCCESS, w => w, isRead: true);
            refused = await login;
        });

        Assert.That(isVerified, Is.True);
        Assert.That(refused, Is.Null);
        Assert.That(_pair.Client.IsAuthenticated, Is.True);
    }

    [Test]
    public async Task A_login_that_is_not_taken_says_what_would_be()
    {
        string? refused = null;
        await _pair.OnLoopAsync(async () =>
        {
            using var credential = new UpstreamCredential("deploy", null, Secret.CopyOf("pw"u8));
            Task<string?> login = new UpstreamAuthentication(_pair.Client, credential).RunAsync().AsTask();
            await AcceptServiceAsync();
            await AnswerAsync(SshMessage.SSH_MSG_USERAUTH_FAILURE, w => w.String("publickey,gssapi-with-mic").Boolean(false));
            refused = await login;
        });

        Assert.That(refused, Does.Contain("publickey,gssapi-with-mic"));
    }

    [Test]
    public async Task What_an_upstream_says_for_people_is_kept_but_for_what_controls_a_terminal()
    {
        ImmutableArray<string> banners = [];
        await _pair.OnLoopAsync(async () =>
        {
            using var credential = new UpstreamCredential("deploy", null, Secret.CopyOf("pw"u8));
            var authentication = new UpstreamAuthentication(_pair.Client, credential);
            Task<string?> login = authentication.RunAsync().AsTask();
            await AcceptServiceAsync();
            await AnswerAsync(SshMessage.SSH_MSG_USERAUTH_BANNER, w => w.String("Authorised\u001b[2J use\tonly.\r\n").String("en"));
            await AnswerAsync(SshMessage.SSH_MSG_USERAUTH_BANNER, w => w.String("Grüße\n").String(""), isRead: true);
            for (int i = 0; i < 3; i++)
            {
                await AnswerAsync(SshMessage.SSH_MSG_USERAUTH_BANNER, w => w.String(new string('x', 30_000)).String(""), isRead: true);
            }

            await AnswerAsync(SshMessage.SSH_MSG_USERAUTH_SUCCESS, w => w, isRead: true);
            await login;
            banners = authentication.Banners;
        });

        Assert.That(banners[..2], Is.EqualTo(new[] { "Authorised[2J use\tonly.\r\n", "Grüße\n" }));
        Assert.That(banners.Skip(2).Select(b => b.Length), Is.EqualTo(new[] { 30_000, 30_000 }), "an upstream that says on and on fills no memory");
    }

    private async Task<ClientProof?> ProveAsync(string user, string password)
    {
        ClientProof? proof = null;
        await _pair.OnLoopAsync(async () =>
        {
            Task<ClientProof?> proving = Server().RunAsync(Session()).AsTask();
            using var credential = new UpstreamCredential(user, null, Secret.CopyOf(Encoding.ASCII.GetBytes(password)));
            Task<string?> login = new UpstreamAuthentication(_pair.Client, credential).RunAsync().AsTask();
            if (await Task.WhenAny(proving, login) == login)
            {
                Assert.That(await login, Does.Contain("password"));
                _pair.Client.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "no");
            }

            proof = await proving;
            if (!login.IsCompleted)
            {
                _pair.Server.Send([(byte)SshMessage.SSH_MSG_USERAUTH_SUCCESS]);
                await _pair.Server.FlushAsync();
                Assert.That(await login, Is.Null);
            }
        });
        return proof;
    }

    private ClientAuthentication Server() => new(_pair.Server, _placeholders, _time);

    private Session Session()
    {
        var listener = new ListenerConfig { Name = "ssh", Protocol = "ssh", Address = Testing.Transport.LoopbackPair.Parse("127.0.0.1:1") };
        return new Session(listener, () => null!, _pair.Callee, _time);
    }

    private static SshWriter Request(string method, string user = "alice", string service = "ssh-connection") =>
        new SshWriter().Byte((byte)SshMessage.SSH_MSG_USERAUTH_REQUEST).String(user).String(service).String(method);

    private void SendService()
    {
        using SshWriter service = new SshWriter().Byte((byte)SshMessage.SSH_MSG_SERVICE_REQUEST).String("ssh-userauth");
        _pair.Client.Send(service.WrittenSpan);
    }

    private Task AcceptServiceAsync() => AnswerAsync(SshMessage.SSH_MSG_SERVICE_ACCEPT, w => w.String("ssh-userauth"));

    private async Task AnswerAsync(SshMessage kind, Func<SshWriter, SshWriter> content, bool isRead = false)
    {
        Assert.That(isRead || await _pair.Server.ReadAsync(), Is.True);
        using SshWriter answer = content(new SshWriter().Byte((byte)kind));
        _pair.Server.Send(answer.WrittenSpan);
        await _pair.Server.FlushAsync();
    }

    private bool IsSigned(ReadOnlySpan<byte> request, SshPublicKey key)
    {
        var reader = new SshReader(Peer.Client, request);
        Assert.That(reader.ReadByte(), Is.EqualTo((byte)SshMessage.SSH_MSG_USERAUTH_REQUEST));
        Assert.That(reader.ReadString().SequenceEqual("deploy"u8));
        reader.ReadString();
        Assert.That(reader.ReadString().SequenceEqual("publickey"u8));
        Assert.That(reader.ReadBoolean(), Is.True);
        string algorithm = Encoding.ASCII.GetString(reader.ReadString());
        Assert.That(reader.ReadString().SequenceEqual(key.Blob.Span));
        int unsigned = request.Length - reader.Remaining;
        byte[] signature = reader.ReadString().ToArray();
        reader.End();
        using var signed = new SshWriter();
        signed.String(_pair.Server.SessionId).Raw(request[..unsigned]);
        return key.Verify(algorithm, signed.WrittenSpan, signature, out _);
    }
}
