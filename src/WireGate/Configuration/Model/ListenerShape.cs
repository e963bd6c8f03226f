using System.Collections.Immutable;
using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary>One of <c>listeners</c>.</summary>
internal sealed class ListenerShape : MapShape<ListenerConfig>
{
    private static readonly TextShape NameShape = Words.Defines(NameKind.Listener);

    private readonly Key<string> _name;
    private readonly Key<string> _protocol;
    private readonly Key<Address> _address;
    private readonly Key<UnixFileMode> _mode;
    private readonly Key<ServerTlsConfig> _tls;
    private readonly Key<string> _target;
    private readonly Key<bool> _scramOnly;
    private readonly Key<ImmutableArray<string>> _hostKeys;
    private readonly Key<ListenerHttp2> _http2;
    private readonly Key<ForwardAuthorityConfig> _ca;

    public ListenerShape()
    {
        _name = Required("name", NameShape, l => l.Name, "Its unique name.");
        _protocol = Required(ProtocolShape.Key, ProtocolShape.Listener, l => l.Protocol, "The protocol that it speaks: postgres, ssh, http or forward.");
        _address = Required(
            "address", new ListenAddressShape(), l => l.Address, "Where it listens: address:port, or unix: and an absolute path.");
        _mode = OptionalValue("mode", Words.Mode, l => l.SocketMode, "Permission bits of a Unix socket in quotes, \"0660\" by default.");
        _tls = Optional("tls", new ServerTlsShape(), l => l.Tls, "Certificate and key; without, TLS is not offered.");
        _target = Optional("target", Words.RefersTo(NameKind.Target), l => l.Target, "The only target it reaches; without, the client chooses.");
        _scramOnly = OptionalValue<bool>(
            "authentication",
            new ChoiceShape<bool>([("scram", true)]),
            l => l.ScramOnly ? true : null,
            "scram: a placeholder is proven by SCRAM and by nothing else.");
        _hostKeys = OptionalValue<ImmutableArray<string>>(
            "hostKeys",
            new ListShape<string>(Words.PrivateFile, least: 1, unique: true),
            l => l.HostKeys.IsEmpty ? null : l.HostKeys,
            "The private keys by which an SSH listener proves itself, files that others cannot read; the best first.");
        _http2 = OptionalValue<ListenerHttp2>(
            "http2",
            new ChoiceShape<ListenerHttp2>([("tls", ListenerHttp2.Tls), ("off", ListenerHttp2.Off), ("clear", ListenerHttp2.Clear)]),
            l => l.Http2 == ListenerHttp2.Tls ? null : l.Http2,
            "To whom it speaks HTTP/2: tls, to clients that ask for it in the TLS handshake, which is the default; off; clear, without TLS, to clients that begin with it.");
        _ca = Optional("ca", new AuthorityShape(), l => l.Authority, "What signs the certificates of a forward listener; wiregate ca create makes it.");
    }

    protected override bool Accept(MapNode map, ReadContext context)
    {
        if (ProtocolShape.Accept(ProtocolShape.Listener, map, context))
        {
            return true;
        }

        if (map.Find("name") is { } name)
        {
            NameShape.TryRead(name, context, out _);
        }

        return false;
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        ProtocolShape.CheckOnly(values, context, _protocol, [ProtocolNames.Postgres, ProtocolNames.Http], _tls, _mode);
        ProtocolShape.CheckOnly(values, context, _protocol, [ProtocolNames.Postgres], _scramOnly);
        ProtocolShape.CheckOnly(values, context, _protocol, [ProtocolNames.Ssh], _hostKeys);
        ProtocolShape.CheckOnly(values, context, _protocol, [ProtocolNames.Http, ProtocolNames.Forward], _http2);
        ProtocolShape.CheckOnly(values, context, _protocol, [ProtocolNames.Postgres, ProtocolNames.Ssh, ProtocolNames.Http], _target);
        ProtocolShape.CheckOnly(values, context, _protocol, [ProtocolNames.Forward], _ca);
        bool isSsh = values.TryGet(_protocol, out string? protocol) && protocol == ProtocolNames.Ssh;
        if (isSsh && !values.Has(_hostKeys))
        {
            context.Report(values.Map, "no client could know it, add hostKeys: [ file of a private key ], as ssh-keygen -t ed25519 makes one");
        }

        if (values.Has(_tls) && values.TryGet(_http2, out ListenerHttp2 http2) && http2 == ListenerHttp2.Clear)
        {
            context.Report(values.Node(_http2), "this listener has tls, where clients ask for HTTP/2 in the handshake, remove it");
        }

        bool isForward = protocol == ProtocolNames.Forward;
        if (isForward && values.TryGet(_http2, out ListenerHttp2 within) && within == ListenerHttp2.Clear)
        {
            context.Report(values.Node(_http2), "a proxy is asked in HTTP/1.1, and HTTP/2 is spoken within its tunnels, in TLS, remove it");
        }

        if (isForward && !values.Has(_ca))
        {
            context.Report(values.Map, "it cannot prove itself to any client, add ca: { certificate, key }, two files that wiregate ca create makes");
        }

        if (!values.TryGet(_address, out Address? address))
        {
            return;
        }

        if (isForward && address.IsUnix)
        {
            context.Report(values.Node(_address), "no client has its proxy at a Unix socket, name an address and a port");
        }

        if (isSsh && address.IsUnix)
        {
            context.Report(values.Node(_address), "no SSH client connects to a Unix socket, name an address and a port");
        }

        if (protocol == ProtocolNames.Http && !values.Has(_tls) && !address.IsUnix && !address.IsLoopback)
        {
            context.Report(values.Node(_address), "placeholders would come in clear from other machines, add tls or listen on 127.0.0.1, [::1] or a Unix socket");
        }

        if (!address.IsUnix && values.Has(_mode))
        {
            context.Report(values.Node(_mode), "only a Unix socket has permission bits, remove it");
        }

        if (address.IsUnix && values.Has(_tls))
        {
            context.Report(values.Node(_tls), "no client speaks TLS over a Unix socket, remove it");
        }
    }

    protected override ListenerConfig Build(MapValues values) => new()
    {
        Name = values.Get(_name),
        Protocol = values.Get(_protocol),
        Address = values.Get(_address),
        SocketMode = values.GetValueOrNull(_mode),
        Tls = values.GetOrNull(_tls),
        Target = values.GetOrNull(_target),
        ScramOnly = values.Get(_scramOnly, false),
        HostKeys = values.Get(_hostKeys, []),
        Http2 = values.Get(_http2, ListenerHttp2.Tls),
        Authority = values.GetOrNull(_ca),
    };

    private sealed class ServerTlsShape : MapShape<ServerTlsConfig>
    {
        private readonly Key<string> _certificate;
        private readonly Key<string> _key;

        public ServerTlsShape()
        {
            _certificate = Required("certificate", Words.PublicFile, t => t.CertificatePath, "The certificate chain, a PEM file, leaf first.");
            _key = Required("key", Words.PrivateFile, t => t.KeyPath, "Its key, a PEM file that others cannot read.");
        }

        protected override ServerTlsConfig Build(MapValues values) => new(values.Get(_certificate), values.Get(_key));
    }

    private sealed class AuthorityShape : MapShape<ForwardAuthorityConfig>
    {
        private readonly Key<string> _certificate;
        private readonly Key<string> _key;

        public AuthorityShape()
        {
            _certificate = Required("certificate", Words.PublicFile, t => t.CertificatePath, "Its certificate, a PEM file, which clients trust.");
            _key = Required("key", Words.PrivateFile, t => t.KeyPath, "Its key, a PEM file that others cannot read.");
        }

        protected override ForwardAuthorityConfig Build(MapValues values) => new(values.Get(_certificate), values.Get(_key));
    }
}
