using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Identities.Unix;
using WireGate.Testing.Admin;
using WireGate.Testing.Approvals;

namespace WireGate.Admin.Tests;

/// <summary>The real server on a real socket in a directory of its own; who calls is what the test says.</summary>
internal sealed class AdminHarness : IAsyncDisposable
{
    private static readonly Dictionary<uint, string> Users = new() { [0] = "root", [500] = "wiregate", [1001] = "boss", [1002] = "ci", [1003] = "eve", [1004] = "dora", [1005] = "dan", [1006] = "ghost" };

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("wg-admin-");
    private AdminServer? _server;

    public AdminHarness()
    {
        Config = SampleConfig.Create(Path.Combine(_directory.FullName, "admin.sock"));
        Placeholders = new MemoryPlaceholders(TimeProvider.System);
    }

    public GatewayConfig Config { get; set; }

    public MemoryPlaceholders Placeholders { get; }

    public MemorySessions Sessions { get; } = new();

    public MemoryAudit Audit { get; } = new();

    public MemoryReferences References { get; } = new();

    public ApprovalRegistry Approvals { get; private set; } = null!;

    public GivenTerms Terms { get; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public string DirectoryPath => _directory.FullName;

    public string SocketPath => Config.Admin.SocketPath;

    /// <summary>The uid that every caller has; null: its real one.</summary>
    public uint? CallerUserId { get; set; } = 1001;

    public AdminDependencies Dependencies => new()
    {
        Config = () => Config,
        Placeholders = Placeholders,
        Sessions = Sessions,
        Audit = Audit,
        References = References,
        Approvals = Approvals,
        BeforehandTerms = Terms,
        Time = Time,
        Loggers = NullLoggerFactory.Instance,
        PeerOf = socket => CallerUserId is uint uid ? new UnixPeer(4242, uid, uid) : UnixPeer.FromSocket(socket),
        UserNameOf = uid => CallerUserId is null ? UnixAccounts.FindUserName(uid) : Users.GetValueOrDefault(uid),
        DaemonUserId = 500,
    };

    public async Task StartAsync()
    {
        Approvals = await ApprovalRegistry.OpenAsync(new MemoryApprovalStore(), Audit, Time, NullLogger.Instance, _ => [], person => person);
        _server = await AdminServer.StartAsync(Dependencies, CancellationToken.None);
    }

    public async Task<(HttpStatusCode Status, JsonElement Body, string? Type)> SendAsync(
        HttpMethod method, string path, string? body = null, string contentType = "application/json")
    {
        using HttpClient http = new(new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        using HttpRequestMessage request = new(method, "http://wiregate" + path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, contentType);
        }

        using HttpResponseMessage response = await http.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        JsonElement json = text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
        return (response.StatusCode, json, response.Content.Headers.ContentType?.MediaType);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }
}
