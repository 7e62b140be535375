"""The public functions of JAX that compute arrays from arrays, module by module."""

from __future__ import annotations

from typing import Final

NUMPY_ONE: Final = (
    " abs absolute acos acosh add all allclose amax amin angle any append arange arccos arccosh"
    " arcsin arcsinh arctan arctan2 arctanh argmax argmin argpartition argsort argwhere around"
    " array asarray asin asinh astype atan atan2 atanh bartlett bfloat16 bincount bitwise_and"
    " bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift"
    " bitwise_xor blackman block bool broadcast_to cbrt cdouble ceil choose clip column_stack"
    " complex128 complex64 complex_ compress concat concatenate conj conjugate convolve copy"
    " copysign corrcoef correlate cos cosh count_nonzero cross csingle cumprod cumsum"
    " cumulative_prod cumulative_sum deg2rad degrees delete diag diagflat diagonal diff digitize"
    " divide dot double dstack ediff1d einsum empty empty_like equal exp exp2 expand_dims expm1"
    " extract eye fabs fill_diagonal flatnonzero flip fliplr flipud float16 float32"
    " float4_e2m1fn float64 float6_e2m3fn float6_e3m2fn float8_e3m4 float8_e4m3"
    " float8_e4m3b11fnuz float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz"
    " float8_e8m0fnu float_ float_power floor floor_divide fmax fmin fmod full full_like gcd"
    " greater greater_equal hamming hanning heaviside histogram_bin_edges hstack hypot i0"
    " identity imag inner int1 int16 int2 int32 int4 int64 int8 int_ interp invert isclose"
    " iscomplex isfinite isin isinf isnan isneginf isposinf isreal kaiser kron lcm ldexp"
    " left_shift less less_equal lexsort log log10 log1p log2 logaddexp logaddexp2 logical_and"
    " logical_not logical_or logical_xor logspace matmul matrix_transpose matvec max maximum"
    " mean median min minimum mod moveaxis multiply nan_to_num nanargmax nanargmin nancumprod"
    " nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd nansum"
    " nanvar negative nextafter not_equal ones ones_like outer packbits pad partition percentile"
    " permute_dims place poly polyadd polyder polyint polymul polysub polyval positive pow power"
    " prod ptp put put_along_axis quantile rad2deg radians ravel real reciprocal remainder"
    " repeat reshape resize right_shift rint roll rollaxis rot90 round searchsorted select"
    " setdiff1d setxor1d sign signbit sin sinc single sinh sort_complex spacing sqrt square"
    " squeeze stack std subtract sum swapaxes take take_along_axis tan tanh tensordot tile trace"
    " transpose trapezoid tri tril triu true_divide trunc uint uint1 uint16 uint2 uint32 uint4"
    " uint64 uint8 union1d unpackbits vander var vdot vecdot vecmat vstack zeros zeros_like"
)

NUMPY_SEVERAL: Final = (
    " broadcast_shapes iscomplexobj isdtype isrealobj isscalar promote_types"
    " apply_along_axis apply_over_axes array_equal array_equiv array_split atleast_1d atleast_2d"
    " atleast_3d average bool_ broadcast_arrays cov diag_indices diag_indices_from divmod dsplit"
    " einsum_path frexp from_dlpack frombuffer fromfunction fromiter frompyfunc fromstring"
    " geomspace gradient histogram histogram2d histogramdd hsplit indices insert intersect1d ix_"
    " linspace mask_indices meshgrid modf ndarray nonzero piecewise polydiv polyfit"
    " ravel_multi_index roots sort split tril_indices tril_indices_from trim_zeros triu_indices"
    " triu_indices_from ufunc unique unique_all unique_counts unique_inverse unique_values"
    " unravel_index unstack unwrap vsplit where"
)

NUMPY_ABOUT: Final = " finfo iinfo issubdtype ndim result_type shape size"

LINALG_ONE: Final = (
    " cholesky cross det diagonal eigvals eigvalsh inv matmul matrix_norm matrix_power"
    " matrix_transpose multi_dot norm outer pinv solve svdvals tensordot tensorinv trace vecdot"
    " vector_norm"
)

LINALG_SEVERAL: Final = " cond eig eigh lstsq matrix_rank qr slogdet svd tensorsolve"

FFT: Final = (
    " fft fft2 fftfreq fftn fftshift hfft ifft ifft2 ifftn ifftshift ihfft irfft irfft2 irfftn"
    " rfft rfft2 rfftfreq rfftn"
)

LAX_ONE: Final = (
    " abs acos acosh add asin asinh atan atan2 atanh bitcast_convert_type"
    " bitwise_and bitwise_not bitwise_or bitwise_xor broadcast_like cbrt ceil clz complex conj"
    " convert_element_type cos cosh div eq exp exp2 expm1 floor ge gt imag integer_pow is_finite"
    " le log log1p logistic lt max min mul mulhi ne neg nextafter population_count pow real rem"
    " round rsqrt shift_left shift_right_arithmetic shift_right_logical sign sin sinh sqrt stage"
    " sub tan tanh"
)

LAX_SEVERAL: Final = (
    " broadcast_shapes stage"
    " dtype shape_as_value AccuracyMode ConvDimensionNumbers DotAlgorithm DotAlgorithmPreset"
    " FftType GatherDimensionNumbers GatherScatterMode Precision RaggedDotDimensionNumbers"
    " RandomAlgorithm RoundingMethod ScatterDimensionNumbers Tolerance after_all all_gather"
    " all_to_all approx_max_k approx_min_k argmax argmin associative_scan axis_index axis_size"
    " batch_matmul bessel_i0e bessel_i1e betainc broadcast broadcast_in_dim broadcast_to_rank"
    " broadcasted_iota clamp collapse concatenate cond conv conv_dimension_numbers"
    " conv_general_dilated conv_general_dilated_local conv_general_dilated_patches"
    " conv_general_permutations conv_general_shape_tuple conv_shape_tuple conv_transpose"
    " conv_transpose_shape_tuple conv_with_general_padding create_token cumlogsumexp cummax"
    " cummin cumprod cumsum custom_linear_solve custom_root dce_sink digamma dot dot_general"
    " dynamic_index_in_dim dynamic_slice dynamic_slice_in_dim dynamic_update_index_in_dim"
    " dynamic_update_slice dynamic_update_slice_in_dim empty erf erf_inv erfc expand_dims fft"
    " fori_loop full full_like gather igamma igamma_grad_a igammac index_in_dim index_take iota"
    " lgamma map optimization_barrier pad padtype_to_pads pbroadcast pcast platform_dependent"
    " pmax pmean pmin polygamma ppermute precv psend pshuffle psum psum_scatter pswapaxes"
    " ragged_all_to_all ragged_dot ragged_dot_general random_gamma_grad reciprocal reduce"
    " reduce_and reduce_max reduce_min reduce_or reduce_precision reduce_prod reduce_sum"
    " reduce_window reduce_window_shape_tuple reduce_xor reshape rev rng_bit_generator"
    " rng_uniform scaled_dot scan scatter scatter_add scatter_apply scatter_max scatter_min"
    " scatter_mul scatter_sub select select_n slice slice_in_dim sort sort_key_val split square"
    " squeeze stack stop_gradient switch tile top_k transpose unstack while_loop"
    " with_sharding_constraint zeta"
)

LAX_LINALG: Final = (
    " EigImplementation EighImplementation SvdAlgorithm cholesky cholesky_update eig eigh"
    " hessenberg householder_product lu lu_pivots_to_permutation ormqr qdwh qr schur svd"
    " symmetric_product triangular_solve tridiagonal tridiagonal_solve"
)

NN: Final = (
    " celu dot_product_attention elu gelu get_scaled_dot_general_config glu hard_sigmoid"
    " hard_silu hard_swish hard_tanh identity leaky_relu log1mexp log_sigmoid log_softmax"
    " logmeanexp logsumexp mish one_hot relu relu6 scaled_dot_general scaled_matmul selu sigmoid"
    " silu soft_sign softmax softplus sparse_plus sparse_sigmoid squareplus standardize swish"
    " tanh"
)

INITIALIZERS: Final = (
    " constant delta_orthogonal glorot_normal glorot_uniform he_normal he_uniform kaiming_normal"
    " kaiming_uniform lecun_normal lecun_uniform normal orthogonal truncated_normal uniform"
    " variance_scaling xavier_normal xavier_uniform"
)

RANDOM: Final = (
    " PRNGKey ball bernoulli beta binomial bits categorical cauchy chisquare choice clone"
    " dirichlet double_sided_maxwell exponential f fold_in gamma generalized_normal geometric"
    " gumbel key key_data key_dtype key_impl laplace loggamma logistic lognormal maxwell"
    " multinomial multivariate_normal normal orthogonal pareto permutation poisson rademacher"
    " randint rayleigh split t triangular truncated_normal uniform wald weibull_min"
    " wrap_key_data"
)

SPECIAL: Final = (
    " bernoulli bessel_jn beta betainc betaln boxcox boxcox1p comb dawsn digamma entr erf erfc"
    " erfcx erfinv exp1 expi expit expn factorial fresnel gamma gammainc gammaincc gammaln"
    " gammasgn hyp1f1 hyp2f1 i0 i0e i1 i1e kl_div log_ndtr log_softmax loggamma logit logsumexp"
    " multigammaln ndtr ndtri owens_t poch polygamma rel_entr sici softmax spence sph_harm_y"
    " wofz xlog1py xlogy zeta"
)

SCIPY_LINALG: Final = (
    " block_diag cho_factor cho_solve cholesky circulant companion convolution_matrix det dft"
    " eigh eigh_tridiagonal expm expm_frechet fiedler fiedler_companion funm hadamard hankel"
    " helmert hessenberg hilbert inv invhilbert invpascal leslie lu lu_factor lu_solve pascal"
    " polar qr qr_multiply rsf2csf schur solve solve_sylvester solve_triangular sqrtm svd"
    " toeplitz"
)

SIGNAL: Final = (
    " convolve convolve2d correlate correlate2d csd detrend fftconvolve istft stft welch"
)

SPARSE: Final = (
    " BCOO BCSR COO CSC CSR bcoo_broadcast_in_dim bcoo_concatenate bcoo_conv_general_dilated"
    " bcoo_dot_general bcoo_dot_general_sampled bcoo_dynamic_slice bcoo_extract bcoo_fromdense"
    " bcoo_gather bcoo_multiply_dense bcoo_multiply_sparse bcoo_reduce_sum bcoo_reshape bcoo_rev"
    " bcoo_slice bcoo_sort_indices bcoo_squeeze bcoo_sum_duplicates bcoo_todense bcoo_transpose"
    " bcoo_update_layout bcsr_broadcast_in_dim bcsr_concatenate bcsr_dot_general bcsr_extract"
    " bcsr_fromdense bcsr_sum_duplicates bcsr_todense coo_fromdense coo_matmat coo_matvec"
    " coo_todense csr_fromdense csr_matmat csr_matvec csr_todense empty eye random_bcoo todense"
)

TRANSFORMATIONS: Final = (
    " checkpoint closure_convert custom_gradient custom_jvp custom_vjp eval_shape fwd_and_bwd grad"
    " hessian jacfwd jacobian jacrev jit jvp linear_transpose linearize make_jaxpr named_call pmap"
    " remat shard_map smap value_and_grad vjp vmap"
)
"""What takes functions, and gives functions or what they computed."""

TREES: Final = (
    " all broadcast flatten flatten_with_path leaves leaves_with_path map map_with_path reduce"
    " reduce_associative static structure transpose unflatten"
)
TREE_FUNCTIONS: Final = (
    " all_leaves flatten_one_level flatten_one_level_with_keys is_tree_node keystr tree_all"
    " tree_broadcast tree_flatten tree_flatten_with_path tree_leaves tree_leaves_with_path"
    " tree_map tree_map_with_path tree_reduce tree_reduce_associative tree_structure"
    " tree_transpose tree_unflatten treedef_children treedef_is_leaf treedef_tuple"
)
DENSITIES: Final = {
    "bernoulli": "cdf logpmf pmf ppf",
    "beta chi2 gamma truncnorm": "cdf logcdf logpdf logsf pdf sf",
    "betabinom binom geom multinomial nbinom": "logpmf pmf",
    "cauchy norm": "cdf isf logcdf logpdf logsf pdf ppf sf",
    "dirichlet multivariate_normal t vonmises wrapcauchy": "logpdf pdf",
    "expon gumbel_l gumbel_r pareto": "cdf logcdf logpdf logsf pdf ppf sf",
    "gennorm laplace": "cdf logpdf pdf",
    "logistic": "cdf isf logpdf pdf ppf sf",
    "poisson": "cdf entropy logpmf pmf",
    "uniform": "cdf logpdf pdf ppf",
}
"""The functions of each distribution."""
