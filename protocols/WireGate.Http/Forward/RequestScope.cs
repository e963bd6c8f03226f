using System.Globalization;
using System.Net;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Http1;
using WireGate.Http.Routing;

namespace WireGate.Http.Forward;

/// <summary>A request that is for something else than its connection.</summary>
/// <param name="Status">What its client is told.</param>
/// <param name="Problem">Why.</param>
internal readonly record struct OutOfScope(int Status, string Problem);

/// <summary>What the requests on a connection through a proxy may be for.</summary>
internal abstract class RequestScope
{
    /// <summary>Requests that name their host in their target, over plain HTTP.</summary>
    public static RequestScope Plain { get; } = new PlainScope();

    /// <summary>Requests within a tunnel: for the host that it was opened for, and for no other.</summary>
    /// <param name="host">The host of CONNECT, in lower case.</param>
    /// <param name="port">Its port.</param>
    /// <param name="serverName">The name in TLS (SNI); null: there was none.</param>
    public static RequestScope Tunnel(string host, int port, string? serverName) => new TunnelScope(host, port, serverName);

    /// <summary>Looks at a request before anything is made of it. For each one, and each stream.</summary>
    /// <param name="session">Whose it is; told what was asked for.</param>
    /// <param name="head">The request.</param>
    /// <returns>Why it is not to be; null: it may go on.</returns>
    public abstract OutOfScope? Check(Session session, RequestHead head);

    private sealed class PlainScope : RequestScope
    {
        public override OutOfScope? Check(Session session, RequestHead head)
        {
            RequestTarget target = head.ReadTarget();
            if (target.Form != TargetForm.Absolute)
            {
                return target.Form == TargetForm.Authority
                    ? new OutOfScope(405, "CONNECT on a connection that has served requests: open another")
                    : new OutOfScope(400, "this is a proxy: it takes CONNECT, and requests with a whole URL");
            }

            if (target.IsSecure)
            {
                return new OutOfScope(400, "an https URL is asked for by CONNECT");
            }

            if (session.SourceAddress is { } source && !IPAddress.IsLoopback(source))
            {
                return new OutOfScope(403, "requests come in clear from this machine only: write https, which is asked for by CONNECT");
            }

            session.Host = Encoding.ASCII.GetString(head.Authority).ToLowerInvariant();
            return !TargetChoice.Of(session.Config).TryFind(session.Listener, session.Config, head.Authority, target.Path, out TargetConfig? found, out _)
                ? new OutOfScope(403, NoTarget)
                : found.Tls.Mode != TlsMode.Disable ? new OutOfScope(403, "this host is a target of https: write that, which is asked for by CONNECT")
                : null;
        }
    }

    private sealed class TunnelScope(string host, int port, string? serverName) : RequestScope
    {
        // Of https, which is what is spoken within.
        private const int UsualPort = 443;

        private readonly string _host = $"{host}:{port.ToString(CultureInfo.InvariantCulture)}";
        private readonly bool _isNamed = IsSame(serverName, host);

        public override OutOfScope? Check(Session session, RequestHead head)
        {
            session.Host = _host;
            if (!_isNamed)
            {
                return new OutOfScope(421, "the name in TLS (SNI) is not the host of CONNECT");
            }

            RequestTarget target = head.ReadTarget();
            if (target is { Form: TargetForm.Absolute, IsSecure: false })
            {
                return new OutOfScope(421, "an http URL within a tunnel");
            }

            return Authority.TryRead(head.Authority, out ReadOnlySpan<byte> named, out int? namedPort)
                && Ascii.EqualsIgnoreCase(named, host) && (namedPort ?? UsualPort) == port
                ? null : new OutOfScope(421, "Host is not the host of CONNECT");
        }

        // What the platform read was made Unicode, if it was of letters beyond ASCII.
        private static bool IsSame(string? serverName, string host)
        {
            try
            {
                return serverName is not null && (serverName.Equals(host, StringComparison.OrdinalIgnoreCase)
                    || new IdnMapping().GetAscii(serverName).Equals(host, StringComparison.OrdinalIgnoreCase));
            }
            catch (ArgumentException)
            {
                return false;
            }
        }
    }

    /// <summary>What is said of a host that leads nowhere.</summary>
    public const string NoTarget = "this host and port are no target here, and nothing else is connected to";
}
