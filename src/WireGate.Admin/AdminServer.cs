using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using WireGate.Admin.Access;
using WireGate.Admin.Endpoints;
using WireGate.Admin.Listening;
using WireGate.Core.Configuration;
using WireGate.Identities.Unix;

namespace WireGate.Admin;

/// <summary>The admin API on its Unix socket, and nowhere else.</summary>
public sealed class AdminServer : IAsyncDisposable
{
    // What a refused request may still send before it is cut off; the calls themselves take less (AdminCall).
    private const int LargestBody = 1024 * 1024;

    // A local client sends a dozen short headers. Kestrel's own limits are for browsers: 32 KiB, 100 headers.
    private const int LargestHeaders = 8 * 1024;
    private const int MostHeaders = 32;

    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(30);

    private readonly AdminSocket _socket;
    private readonly WebApplication _app;
    private readonly Refusals _refusals;

    private AdminServer(AdminSocket socket, WebApplication app, Refusals refusals)
    {
        _socket = socket;
        _app = app;
        _refusals = refusals;
    }

    /// <summary>Opens the admin socket that the config names, with its group and mode, and serves it.</summary>
    /// <exception cref="AdminSocketException">The socket cannot be opened; the message says what to do.</exception>
    public static async Task<AdminServer> StartAsync(AdminDependencies dependencies, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dependencies);
        AdminConfig config = dependencies.Config().Admin;
        AdminSocket socket = AdminSocket.Bind(config);
        Refusals refusals = new(dependencies);
        AdminServer? server = null;
        try
        {
            server = new AdminServer(socket, Build(dependencies, socket, config.SocketPath, refusals), refusals);
            await server._app.StartAsync(cancellationToken);
        }
        catch
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }

            refusals.Dispose();
            socket.Dispose();
            throw;
        }

        dependencies.Loggers.CreateLogger<AdminServer>().AdminSocketOpened(config.SocketPath);
        return server;
    }

    /// <summary>Stops accepting, lets the requests under way finish until the token is cancelled, removes the socket.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _app.StopAsync(cancellationToken);

    /// <summary>Stops at once if <see cref="StopAsync"/> was not called, and gives everything back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _refusals.Dispose();
        _socket.Dispose();
    }

    private static WebApplication Build(AdminDependencies dependencies, AdminSocket socket, string path, Refusals refusals)
    {
        // The empty builder reads no environment and no appsettings.json of whatever directory the daemon was started in.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(dependencies.Loggers);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseSockets(options => options.CreateBoundListenSocket = _ => socket.Socket);
        PeerLimits limits = new();
        builder.WebHost.ConfigureKestrel(options =>
        {
            // No bound of all connections: whoever may connect could use it up for the administrators. PeerLimits bounds each user.
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = LargestBody;
            options.Limits.MaxRequestHeadersTotalSize = LargestHeaders;
            options.Limits.MaxRequestHeaderCount = MostHeaders;
            options.Limits.RequestHeadersTimeout = HeadersTimeout;
            options.Limits.KeepAliveTimeout = KeepAliveTimeout;
            options.ListenUnixSocket(path, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => connection => IdentifyAsync(next, connection, dependencies, limits, refusals));
            });
        });
        WebApplication app = builder.Build();
        AdminGate gate = new(dependencies, refusals);
        app.Use(gate.InvokeAsync);
        app.UseRouting();
        app.Use(gate.AuthorizeAsync);
        Map(app, dependencies);
        return app;
    }

    // The peer belongs to the connection: it is asked once, before a byte is read.
    private static async Task IdentifyAsync(
        ConnectionDelegate next, ConnectionContext connection, AdminDependencies dependencies, PeerLimits limits, Refusals refusals)
    {
        UnixPeer peer;
        try
        {
            IConnectionSocketFeature feature = connection.Features.GetRequiredFeature<IConnectionSocketFeature>();
            peer = dependencies.PeerOf(feature.Socket);
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or PlatformNotSupportedException or ObjectDisposedException)
        {
            dependencies.Loggers.CreateLogger<AdminServer>().AdminPeerUnknown(e);
            connection.Abort();
            return;
        }

        string? userName = dependencies.UserNameOf(peer.UserId);
        AdminRole role = AdminAccess.RightsOf(dependencies.Config(), peer.UserId, userName, dependencies.DaemonUserId).Role;
        if (!limits.TryEnter(peer.UserId, role))
        {
            refusals.Count(peer.UserId, userName);
            connection.Abort();
            return;
        }

        try
        {
            connection.Features.Set(new PeerFeature(peer));
            await next(connection);
        }
        finally
        {
            limits.Leave(peer.UserId, role);
        }
    }

    private static void Map(WebApplication app, AdminDependencies dependencies)
    {
        PlaceholderEndpoints placeholders = new(dependencies);
        ApprovalEndpoints approvals = new(dependencies);
        OperationEndpoints operations = new(dependencies, dependencies.Time.GetUtcNow());
        Post("/v1/placeholders", AdminVerb.MintPlaceholder, placeholders.MintAsync);
        Get("/v1/placeholders", AdminVerb.ListPlaceholders, placeholders.ListAsync);
        Get("/v1/placeholders/{id}", AdminVerb.ShowPlaceholder, placeholders.ShowAsync);
        Post("/v1/placeholders/revoke", AdminVerb.RevokePlaceholders, placeholders.RevokeAsync);
        Get("/v1/sessions", AdminVerb.ListSessions, operations.ListSessionsAsync);
        Post("/v1/sessions/kill", AdminVerb.KillSessions, operations.KillSessionsAsync);
        Get("/v1/why/{ref}", AdminVerb.Why, operations.WhyAsync);
        Get("/v1/status", AdminVerb.Status, operations.StatusAsync);

        Post("/v1/approvals", AdminVerb.RequestApproval, approvals.RequestAsync);
        Get("/v1/approvals", AdminVerb.ListApprovals, approvals.ListAsync);
        Get("/v1/approvals/{id}", AdminVerb.ShowApproval, approvals.ShowAsync);
        Post("/v1/approvals/{id}/approve", AdminVerb.Approve, approvals.ApproveAsync);
        Post("/v1/approvals/{id}/deny", AdminVerb.Deny, approvals.DenyAsync);

        void Get(string route, AdminVerb verb, Func<AdminCall, Task> handle) => app.MapGet(route, AdminGate.Run(handle)).WithMetadata(new VerbMetadata(verb));
        void Post(string route, AdminVerb verb, Func<AdminCall, Task> handle) => app.MapPost(route, AdminGate.Run(handle)).WithMetadata(new VerbMetadata(verb));
    }

    // The daemon handles its signals itself; the default lifetime would take SIGTERM and SIGINT from it.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
