using System.Text;
using BenchmarkDotNet.Attributes;
using WireGate.Core.Configuration;
using WireGate.Http.Masking;

namespace WireGate.Benchmarks.Masking;

/// <summary>1 MiB of JSON, as a list of objects that an API answers, in pieces of 16 KiB: the mean in µs is how many µs a MiB costs.</summary>
[MemoryDiagnoser]
public class JsonMaskBenchmarks
{
    private const int Piece = 16 * 1024;

    private byte[] _body = [];
    private MaskPlan _members = null!;
    private MaskPlan _searched = null!;

    [GlobalSetup]
    public void Prepare()
    {
        var members = new MaskConfig { Name = "members", Json = [Path("$..token"), Path("$[*].owner.email")], With = MaskStyle.Last4 };
        _members = new MaskPlan([members], new byte[32]);
        _searched = new MaskPlan([members, new MaskConfig { Name = "found", Detect = [MaskDetector.CreditCard, MaskDetector.ApiKey] }], new byte[32]);
        var body = new StringBuilder("[");
        for (int i = 0; body.Length < 1024 * 1024; i++)
        {
            body.Append(i == 0 ? "" : ",").Append(
                $$"""
                {"id":{{i}},"name":"repository number {{i}}","private":false,"owner":{"login":"alice","email":"alice{{i}}@example.com"},"description":"Some longer text, as people write it about what they have made","token":"abcdefghijklmnop","size":108.5,"topics":["a","b"]}
                """);
        }

        _body = Encoding.UTF8.GetBytes(body.Append(']').ToString());
    }

    [Benchmark]
    public long MembersByPath() => Run(_members);

    [Benchmark]
    public long MembersAndDetectors() => Run(_searched);

    private static JsonPath Path(string text) => JsonPath.TryParse(text, out JsonPath? path, out string? problem) ? path : throw new ArgumentException(problem);

    private long Run(MaskPlan plan)
    {
        BodyMask mask = plan.Begin(BodyForm.Json);
        long shown = 0;
        for (int at = 0; at < _body.Length; at += Piece)
        {
            shown += mask.Take(_body.AsSpan(at, Math.Min(Piece, _body.Length - at))).Length;
        }

        shown += mask.Rest().Length;
        plan.Return(mask);
        return shown;
    }
}
