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

    public ListenerShape()
    {
        _name = Required("name", NameShape, l => l.Name, "Its unique name.");
        _protocol = Required(ProtocolShape.Key, ProtocolShape.Listener, l => l.Protocol, "The protocol that it speaks: postgres.");
        _address = Required(
            "address", new ListenAddressShape(ProtocolShape.PostgresPort), l => l.Address, "Where it listens: address:port, or unix: and an absolute path.");
        _mode = OptionalValue("mode", Words.Mode, l => l.SocketMode, "Permission bits of a Unix socket in quotes, \"0660\" by default.");
        _tls = Optional("tls", new ServerTlsShape(), l => l.Tls, "Certificate and key; without, TLS is not offered.");
        _target = Optional("target", Words.RefersTo(NameKind.Target), l => l.Target, "The only target it reaches; without, the client chooses.");
        _scramOnly = OptionalValue<bool>(
            "authentication",
            new ChoiceShape<bool>([("scram", true)]),
            l => l.ScramOnly ? true : null,
            "scram: a placeholder is proven by SCRAM and by nothing else.");
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
        if (!values.TryGet(_address, out Address? address))
        {
            return;
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
}
