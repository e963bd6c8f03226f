using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using WireGate.Core.Credentials;
using WireGate.Storage;

namespace WireGate.Benchmarks.Authentication;

/// <summary>A placeholder that a client sent in clear: its form, and whether it is the one that was minted.</summary>
public class PlaceholderBenchmarks
{
    private readonly PlaceholderProver _prover = new(RandomNumberGenerator.GetBytes(PlaceholderProver.PepperLength));
    private readonly byte[] _token;
    private readonly PlaceholderProof _proof;

    public PlaceholderBenchmarks()
    {
        using Secret token = PlaceholderToken.Create(out string id);
        _token = token.Span.ToArray();
        _proof = _prover.Prove(Encoding.ASCII.GetBytes(id), _token);
    }

    [GlobalCleanup]
    public void Erase() => _prover.Dispose();

    [Benchmark]
    public bool Parse() => PlaceholderToken.TryParse(_token, out _);

    [Benchmark]
    public bool Verify_the_right_one() => _prover.Verify(_proof, _token);

    /// <summary>Costs the same, or the time would tell which ids exist.</summary>
    [Benchmark]
    public bool Verify_an_unknown_one() => _prover.Verify(null, _token);
}
