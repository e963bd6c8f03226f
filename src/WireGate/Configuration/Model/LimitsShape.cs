using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>limits</c>.</summary>
internal sealed class LimitsShape : MapShape<LimitsConfig>
{
    private static readonly LimitsConfig Default = new();

    private readonly Key<TimeSpan> _authentication;
    private readonly Key<TimeSpan> _loginGrace;
    private readonly Key<int> _rekeyBytes;
    private readonly Key<TimeSpan> _rekeyTime;
    private readonly Key<TimeSpan> _connect;
    private readonly Key<int> _inspectedFrame;
    private readonly Key<TimeSpan> _requestHead;
    private readonly Key<int> _requestBodyRate;
    private readonly Key<TimeSpan> _firstByte;
    private readonly Key<TimeSpan> _responseIdle;
    private readonly Key<TimeSpan> _drain;
    private readonly Key<int> _sessionsPerListener;
    private readonly Key<int> _sessionsPerIdentity;
    private readonly Key<int> _sessionsPerSource;
    private readonly Key<int> _unprovenPerSource;
    private readonly Key<TimeSpan> _failurePenalty;
    private readonly Key<TimeSpan> _penaltyThreshold;
    private readonly Key<TimeSpan> _penaltyMaximum;

    public LimitsShape()
    {
        // The least takes any startup packet (10,000 bytes in PostgreSQL); the most is PostgreSQL's own bound of a message.
        var frame = new SizeShape(16 << 10, 1 << 30);
        _authentication = Defaulted(
            "authentication", Words.Wait, l => l.Authentication, "From accept to a proven identity, of SSH to the first keys, 10s by default.");
        _loginGrace = Defaulted("loginGrace", Words.Wait, l => l.LoginGrace, "Of SSH, from the first keys to a proven identity, 30s by default.");
        _rekeyBytes = OptionalValue(
            "rekeyBytes", new SizeShape(1 << 10, 1 << 30), l => l.RekeyBytes,
            "Of SSH, bytes after which a leg's keys are exchanged again, by default what the cipher is good for.");
        _rekeyTime = OptionalValue("rekeyTime", Words.Lifetime, l => l.RekeyTime, "Of SSH, the time after which keys are exchanged again, by default none.");
        _connect = Defaulted("connect", Words.Wait, l => l.Connect, "From a proven identity to a ready upstream, 20s by default.");
        _inspectedFrame = Defaulted("inspectedFrame", frame, l => l.InspectedFrame, "The largest message that is held to be read, 16MiB by default.");
        _requestHead = Defaulted("requestHead", Words.Wait, l => l.RequestHead, "Of HTTP, for the head of a request that has begun, 15s by default.");
        _requestBodyRate = Defaulted(
            "requestBodyRate", Words.Count, l => l.RequestBodyRate, "Of HTTP, bytes of a request's body in a second, at least, 240 by default.");
        _firstByte = Defaulted("firstByte", Words.Wait, l => l.FirstByte, "Of HTTP, from a whole request to the beginning of its answer, 5m by default.");
        _responseIdle = Defaulted("responseIdle", Words.Wait, l => l.ResponseIdle, "Of HTTP, between two bytes of an answer, 1h by default.");
        _drain = Defaulted(
            "drain", new DurationShape(TimeSpan.Zero, TimeSpan.FromHours(1)), l => l.Drain,
            "What sessions have at a stop to finish what is under way, 30s by default; 0s: nothing.");
        _sessionsPerListener = Defaulted("sessionsPerListener", Words.Count, l => l.SessionsPerListener, "Sessions of one listener, 10000 by default.");
        _sessionsPerIdentity = Defaulted("sessionsPerIdentity", Words.Count, l => l.SessionsPerIdentity, "Sessions of one identity, and connections to upstreams of HTTP/1.1 that one has on each reactor, 1000 by default.");
        _sessionsPerSource = Defaulted(
            "sessionsPerSource", Words.Count, l => l.SessionsPerSource, "Sessions of one source (an IPv4 address, an IPv6 /64), 5000 by default.");
        _unprovenPerSource = Defaulted(
            "unprovenPerSource", Words.Count, l => l.UnprovenPerSource, "Connections of one source that have not yet proven an identity, 1000 by default.");
        _failurePenalty = Defaulted("failurePenalty", Words.Wait, l => l.FailurePenalty, "What a failed login adds to its source's penalty, 5s by default.");
        _penaltyThreshold = Defaulted(
            "penaltyThreshold", Words.Wait, l => l.PenaltyThreshold, "The penalty below which a source is still served, 15s by default.");
        _penaltyMaximum = Defaulted("penaltyMaximum", Words.Wait, l => l.PenaltyMaximum, "The most that a source can collect, 10m by default.");
    }

    protected override void Check(MapValues values, ReadContext context)
    {
        if (values.Get(_penaltyThreshold, Default.PenaltyThreshold) > values.Get(_penaltyMaximum, Default.PenaltyMaximum))
        {
            ConfigNode at = values.Has(_penaltyThreshold) ? values.Node(_penaltyThreshold) : values.Node(_penaltyMaximum);
            context.Report(at, "penaltyThreshold is above penaltyMaximum, so no source would ever be held off: raise the one or lower the other");
        }
    }

    protected override LimitsConfig Build(MapValues values) => new()
    {
        Authentication = values.Get(_authentication, Default.Authentication),
        LoginGrace = values.Get(_loginGrace, Default.LoginGrace),
        RekeyBytes = values.GetValueOrNull(_rekeyBytes),
        RekeyTime = values.GetValueOrNull(_rekeyTime),
        Connect = values.Get(_connect, Default.Connect),
        InspectedFrame = values.Get(_inspectedFrame, Default.InspectedFrame),
        RequestHead = values.Get(_requestHead, Default.RequestHead),
        RequestBodyRate = values.Get(_requestBodyRate, Default.RequestBodyRate),
        FirstByte = values.Get(_firstByte, Default.FirstByte),
        ResponseIdle = values.Get(_responseIdle, Default.ResponseIdle),
        Drain = values.Get(_drain, Default.Drain),
        SessionsPerListener = values.Get(_sessionsPerListener, Default.SessionsPerListener),
        SessionsPerIdentity = values.Get(_sessionsPerIdentity, Default.SessionsPerIdentity),
        SessionsPerSource = values.Get(_sessionsPerSource, Default.SessionsPerSource),
        UnprovenPerSource = values.Get(_unprovenPerSource, Default.UnprovenPerSource),
        FailurePenalty = values.Get(_failurePenalty, Default.FailurePenalty),
        PenaltyThreshold = values.Get(_penaltyThreshold, Default.PenaltyThreshold),
        PenaltyMaximum = values.Get(_penaltyMaximum, Default.PenaltyMaximum),
    };
}
