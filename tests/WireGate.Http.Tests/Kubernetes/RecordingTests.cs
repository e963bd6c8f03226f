using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Recording;
using WireGate.Core.Sessions;
using WireGate.Http.Tests.Sessions;
using WireGate.Testing.Time;
using static WireGate.Http.Tests.Kubernetes.Channels;

namespace WireGate.Http.Tests.Kubernetes;

/// <summary>What somebody is told who keeps recordings of exec and attach; and that nothing of them passes that cannot be kept.</summary>
[TestFixture(TransportKind.Epoll, true)]
[TestFixture(TransportKind.Streams, true)]
[TestFixture(TransportKind.Epoll, false)]
internal sealed class RecordingTests(TransportKind transport, bool isRecorded) : HttpFixture(transport)
{
    private const string Spdy = "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n";
    private const string WebSocket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n";
    private const string Exec = "/api/v1/namespaces/shop/pods/web-1/exec?command=sh";

    private readonly ConcurrentQueue<string> _told = new();

    protected override IRecorder? Recorder => isRecorded ? new Keeper(_told) : null;

    protected override GatewayConfig Change(GatewayConfig config)
    {
        _told.Clear();
        return config with
        {
            Targets = config.Targets.Values.Select(t => t with { Protocol = ProtocolNames.Kubernetes }).ToFrozenDictionary(t => t.Name),
            Rules = new RulesConfig
            {
                List = [new RuleConfig { Name = "shop", Match = new MatchConfig { Kubernetes = new KubernetesMatchConfig { Namespaces = [new NamePattern("shop")] } }, Do = Verdict.Allow }],
            },
        };
    }

    [Test]
    public async Task An_exec_over_SPDY_passes_unchanged_and_is_kept_as_it_was_seen()
    {
        (RawPeer client, RawPeer upstream) = await UpgradeAsync("POST", Exec + "&tty=true", Spdy, "SPDY/3.1", "");
        byte[] asked = [.. ExecStreams, .. Data(3, "in", isFin: true), .. Data(9, """{"Width":80,"Height":24}""")];
        await client.SendAsync(asked);
        Assert.That(await upstream.ReadAsync(asked.Length), Is.EqualTo(Encoding.Latin1.GetString(asked)));
        await upstream.SendAsync(ExecAnswer);
        Assert.That(await client.ReadAsync(ExecAnswer.Length), Is.EqualTo(Encoding.Latin1.GetString(ExecAnswer)));
        upstream.Dispose();
        await client.ReadToEndAsync();
        client.Dispose();

        await ToldAsync("exec 0x0", "80x24", "FROM HERE\n", "stderr oops\n", "end");
    }

    [Test]
    public async Task An_exec_over_WebSocket_v5_is_kept_too()
    {
        (RawPeer client, RawPeer upstream) = await UpgradeAsync("GET", Exec, WebSocket, "websocket", "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n");
        byte[] said = [.. Message(Peer.Upstream, 1, "out"), .. Message(Peer.Upstream, 2, "err")];
        await upstream.SendAsync(said);
        Assert.That(await client.ReadAsync(said.Length), Is.EqualTo(Encoding.Latin1.GetString(said)));
        client.Dispose();
        await upstream.ReadToEndAsync();
        upstream.Dispose();

        await ToldAsync("exec", "out", "stderr err", "end");
    }

    [TestCase(Exec, false)]
    [TestCase("/api/v1/namespaces/shop/pods/web-1/portforward?ports=80", false)]
    [TestCase("/api/v1/namespaces/shop/pods/web-1/proxy/live", true)]
    public async Task Frames_that_are_read_are_not_compressed(string path, bool mayBe)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"GET {path}", WebSocket + "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
        RawPeer upstream = await AcceptAsync();

        Assert.That((await upstream.HeadAsync()).Contains("permessage-deflate", StringComparison.Ordinal), Is.EqualTo(mayBe));
    }

    [TestCase(true, TestName = "What_the_client_says_that_cannot_be_read_does_not_pass_if_it_is_recorded")]
    [TestCase(false, TestName = "What_the_upstream_says_that_cannot_be_read_does_not_pass_if_it_is_recorded")]
    public async Task What_cannot_be_read(bool isOfClient)
    {
        (RawPeer client, RawPeer upstream) = await UpgradeAsync("GET", Exec, WebSocket, "websocket", "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n");
        byte[] bytes = Message(isOfClient ? Peer.Upstream : Peer.Client, 1, "odd");
        (RawPeer from, RawPeer to) = isOfClient ? (client, upstream) : (upstream, client);
        await from.SendAsync(bytes);
        if (isRecorded)
        {
            Assert.That(await to.ReadToEndAsync(), Is.Empty);
            Assert.That((await EndAsync()).End, Is.EqualTo(isOfClient ? SessionEnd.ClientBrokeProtocol : SessionEnd.UpstreamBrokeProtocol));
        }
        else
        {
            Assert.That(await to.ReadAsync(bytes.Length), Is.EqualTo(Encoding.Latin1.GetString(bytes)));
        }
    }

    [Test]
    public async Task What_cannot_be_kept_does_not_pass()
    {
        (RawPeer client, RawPeer upstream) = await UpgradeAsync("GET", Exec, WebSocket, "websocket", "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n");
        byte[] bytes = Message(Peer.Upstream, 1, Keeper.Unkept);
        await upstream.SendAsync(bytes);
        if (isRecorded)
        {
            Assert.That(await client.ReadToEndAsync(), Is.Empty);
            Assert.That((await EndAsync()).End, Is.EqualTo(SessionEnd.AuditFailed));
        }
        else
        {
            Assert.That(await client.ReadAsync(bytes.Length), Is.EqualTo(Encoding.Latin1.GetString(bytes)));
        }
    }

    [Test]
    public async Task What_has_to_be_kept_and_cannot_be_does_not_begin()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"POST {Exec}&command=unrecordable", Spdy));

        Assert.That(isRecorded ? await client.HeadAsync() : await (await AcceptAsync()).HeadAsync(), Does.StartWith(isRecorded ? "HTTP/1.1 503 " : "POST "));
        Assert.That(IsUpstreamAsked, Is.False);
    }

    [Test]
    public async Task What_is_recorded_goes_on_in_no_protocol_that_nobody_reads()
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"GET {Exec}", WebSocket));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: v9.example\r\n\r\n");

        Assert.That(await client.HeadAsync(), Does.StartWith(isRecorded ? "HTTP/1.1 502 " : "HTTP/1.1 101 "));
    }

    [Test]
    public async Task A_port_forward_is_counted_by_port_and_not_recorded()
    {
        (RawPeer client, RawPeer upstream) = await UpgradeAsync("POST", "/api/v1/namespaces/shop/pods/web-1/portforward", Spdy, "SPDY/3.1", "");
        byte[] asked = [.. PortStreams, .. Data(3, "GET /")];
        await client.SendAsync(asked);
        await upstream.ReadAsync(asked.Length);
        byte[] answer = Data(3, "200");
        await upstream.SendAsync(answer);
        await client.ReadAsync(answer.Length);
        upstream.Dispose();
        await client.ReadToEndAsync();
        client.Dispose();
        await EndAsync();

        Assert.That(Audit.Operations[^1].GetProperty("event").GetString(), Is.EqualTo("ports"));
        Assert.That(Audit.Operations[^1].GetProperty("ports").GetString(), Is.EqualTo("8080: 5 in, 3 out"));
        Assert.That(_told, Is.Empty);
    }

    private async Task<(RawPeer Client, RawPeer Upstream)> UpgradeAsync(string method, string path, string fields, string token, string answered)
    {
        RawPeer client = await ConnectAsync();
        await client.SendAsync(Request($"{method} {path}", fields));
        RawPeer upstream = await AcceptAsync();
        await upstream.HeadAsync();
        await upstream.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {token}\r\nConnection: Upgrade\r\n{answered}\r\n");
        Assert.That(await client.HeadAsync(), Does.StartWith("HTTP/1.1 101 "));
        return (client, upstream);
    }

    private async Task ToldAsync(params string[] told)
    {
        await Until.TrueAsync(() => !isRecorded || _told.Contains("end"), "the recording to end");
        Assert.That(_told, Is.EqualTo(isRecorded ? told : []));
    }

    private sealed class Keeper(ConcurrentQueue<string> told) : IRecorder, IRecording
    {
        public const string Unkept = "unkept";

        public IRecording? Begin(Session session, Operation operation, TerminalSize? terminal)
        {
            var request = (HttpOperation)operation;
            if (request.Query.Any(q => q.Value == "unrecordable"))
            {
                throw new AuditFailedException("the disk is full");
            }

            told.Enqueue(request.Kubernetes!.Subresource + (terminal is { } size ? $" {size.Columns}x{size.Rows}" : ""));
            return this;
        }

        public void Output(ReadOnlySpan<byte> data, bool isError)
        {
            string text = Encoding.UTF8.GetString(data);
            told.Enqueue(text == Unkept ? throw new AuditFailedException("the disk is full") : (isError ? "stderr " : "") + text);
        }

        public void Resized(TerminalSize terminal) => told.Enqueue($"{terminal.Columns}x{terminal.Rows}");

        public void Done(Operation operation)
        {
        }

        public void Dispose() => told.Enqueue("end");
    }
}
