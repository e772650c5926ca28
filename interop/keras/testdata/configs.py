"""Writes configs.json: what Keras 3 writes of models, layer by layer, activation by
activation and so on, as keras.saving.serialize_keras_object gives it. With two
arguments it compares instead: see compare. Made with Keras 3.15.1 on JAX:

    KERAS_BACKEND=jax python configs.py configs.json
"""

import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
from keras import constraints, initializers, layers, losses, metrics, optimizers, regularizers
from keras.src.applications.convnext import LayerScale
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

ACTIVATIONS = """linear relu relu6 sigmoid hard_sigmoid log_sigmoid tanh softmax log_softmax elu selu gelu silu
hard_silu mish leaky_relu softplus softsign exponential celu glu hard_shrink hard_tanh soft_shrink sparse_plus
sparse_sigmoid sparsemax squareplus tanh_shrink""".split()

LAYERS = {
    "Activation": ((4,), lambda: layers.Activation("tanh", name="act")),
    "Activation of a layer": ((4,), lambda: layers.Activation(layers.LeakyReLU(0.25))),
    "ActivityRegularization": ((4,), lambda: layers.ActivityRegularization(l1=0.5, l2=0.25)),
    "AlphaDropout": ((4,), lambda: layers.AlphaDropout(0.25, noise_shape=(None, 1), seed=3)),
    "Dense": ((4,), lambda: layers.Dense(3, activation="relu")),
    "Dense with constraints": ((4,), lambda: layers.Dense(
        3, kernel_constraint=constraints.MaxNorm(2.5, axis=[0, 1]), bias_constraint="non_neg")),
    "Dense with all": ((2, 4), lambda: layers.Dense(
        3, use_bias=False, kernel_initializer=initializers.HeNormal(seed=7), kernel_regularizer=regularizers.L1(0.5),
        bias_regularizer="l2", activity_regularizer=regularizers.L1L2(0.25, 0.125), trainable=False)),
    "Dense with a layer for activation": ((4,), lambda: layers.Dense(3, activation=layers.ReLU(max_value=2.0, name="re_lu"))),
    "Dropout": ((4,), lambda: layers.Dropout(0.25, noise_shape=(None, 1), seed=3)),
    "ELU": ((4,), lambda: layers.ELU(0.5)),
    "Flatten": ((2, 3), lambda: layers.Flatten()),
    "GaussianDropout": ((4,), lambda: layers.GaussianDropout(0.25)),
    "GaussianNoise": ((4,), lambda: layers.GaussianNoise(0.25)),
    "LeakyReLU": ((4,), lambda: layers.LeakyReLU()),
    "PReLU": ((4,), lambda: layers.PReLU()),
    "PReLU with all": ((4, 2), lambda: layers.PReLU(
        alpha_initializer=initializers.Constant(0.25), alpha_regularizer=regularizers.L1(0.5), alpha_constraint=constraints.NonNeg(),
        shared_axes=[1])),
    "Permute": ((2, 3), lambda: layers.Permute((2, 1))),
    "ReLU": ((4,), lambda: layers.ReLU()),
    "ReLU with all": ((4,), lambda: layers.ReLU(max_value=6.0, negative_slope=0.25, threshold=0.5)),
    "Masking": ((3, 2), lambda: layers.Masking(0.5)),
    "RepeatVector": ((4,), lambda: layers.RepeatVector(3)),
    "Rescaling": ((4,), lambda: layers.Rescaling(0.5, offset=-1.0)),
    "Reshape": ((2, 3), lambda: layers.Reshape((3, -1))),
    "Sequential": ((4,), lambda: keras.Sequential([layers.Dense(3), layers.ReLU()], name="inner")),
    "Softmax": ((4,), lambda: layers.Softmax()),
    "Softmax over an axis": ((4, 2), lambda: layers.Softmax(axis=1)),
    "Softmax over axes": ((4, 2), lambda: layers.Softmax(axis=[1, 2])),
    "MaxPooling1D": ((5, 2), lambda: layers.MaxPooling1D(2)),
    "MaxPooling2D": ((5, 4, 2), lambda: layers.MaxPooling2D(2)),
    "MaxPooling2D with all": ((5, 4, 2), lambda: layers.MaxPooling2D((3, 2), strides=(2, 1), padding="same", name="pool")),
    "MaxPooling2D with channels first": ((2, 5, 4), lambda: layers.MaxPooling2D(2, data_format="channels_first")),
    "MaxPooling3D": ((3, 4, 2, 2), lambda: layers.MaxPooling3D((2, 2, 1), padding="same")),
    "AveragePooling1D": ((5, 2), lambda: layers.AveragePooling1D(3, strides=2, padding="same")),
    "AveragePooling2D": ((5, 4, 2), lambda: layers.AveragePooling2D((3, 2), strides=1)),
    "AveragePooling3D": ((2, 3, 4, 2), lambda: layers.AveragePooling3D(2, padding="same", data_format="channels_first")),
    "GlobalMaxPooling1D": ((5, 2), lambda: layers.GlobalMaxPooling1D()),
    "GlobalMaxPooling2D": ((5, 4, 2), lambda: layers.GlobalMaxPooling2D(keepdims=True)),
    "GlobalMaxPooling3D": ((2, 3, 4, 2), lambda: layers.GlobalMaxPooling3D(data_format="channels_first")),
    "GlobalAveragePooling1D": ((5, 2), lambda: layers.GlobalAveragePooling1D(keepdims=True)),
    "GlobalAveragePooling2D": ((5, 4, 2), lambda: layers.GlobalAveragePooling2D(data_format="channels_first")),
    "GlobalAveragePooling3D": ((2, 3, 4, 2), lambda: layers.GlobalAveragePooling3D()),
    "AdaptiveMaxPooling1D": ((5, 2), lambda: layers.AdaptiveMaxPooling1D(3)),
    "AdaptiveMaxPooling2D": ((5, 4, 2), lambda: layers.AdaptiveMaxPooling2D((2, 3))),
    "AdaptiveMaxPooling3D": ((2, 3, 4, 2), lambda: layers.AdaptiveMaxPooling3D(2, data_format="channels_first")),
    "AdaptiveAveragePooling1D": ((5, 2), lambda: layers.AdaptiveAveragePooling1D(3)),
    "AdaptiveAveragePooling2D": ((4, 6, 2), lambda: layers.AdaptiveAveragePooling2D((2, 3))),
    "AdaptiveAveragePooling3D": ((2, 3, 4, 2), lambda: layers.AdaptiveAveragePooling3D((1, 2, 3))),
    "UpSampling1D": ((3, 2), lambda: layers.UpSampling1D(3)),
    "UpSampling2D": ((3, 2, 2), lambda: layers.UpSampling2D((2, 3), data_format="channels_first")),
    "UpSampling2D bilinear": ((3, 2, 2), lambda: layers.UpSampling2D(2, interpolation="bilinear")),
    "UpSampling2D bicubic": ((3, 2, 2), lambda: layers.UpSampling2D((1, 3), interpolation="bicubic")),
    "UpSampling3D": ((1, 2, 2, 2), lambda: layers.UpSampling3D((1, 2, 3))),
    "ZeroPadding1D": ((3, 2), lambda: layers.ZeroPadding1D((1, 2))),
    "ZeroPadding2D": ((3, 2, 2), lambda: layers.ZeroPadding2D(((1, 0), (0, 2)), data_format="channels_first")),
    "ZeroPadding3D": ((1, 2, 2, 2), lambda: layers.ZeroPadding3D((1, 0, 2))),
    "Cropping1D": ((5, 2), lambda: layers.Cropping1D((1, 2))),
    "Cropping2D": ((3, 4, 2), lambda: layers.Cropping2D((1, 0))),
    "Cropping3D": ((3, 3, 2, 2), lambda: layers.Cropping3D(((1, 0), (0, 1), (0, 0)))),
    "SpatialDropout1D": ((4, 2), lambda: layers.SpatialDropout1D(0.25)),
    "SpatialDropout2D": ((4, 2, 2), lambda: layers.SpatialDropout2D(0.25)),
    "SpatialDropout3D": ((4, 2, 2, 2), lambda: layers.SpatialDropout3D(0.25)),
    "Conv1D": ((9, 3), lambda: layers.Conv1D(4, 3)),
    "Conv1D causal": ((9, 3), lambda: layers.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu")),
    "Conv2D": ((6, 7, 3), lambda: layers.Conv2D(4, 3)),
    "Conv2D with all": ((7, 6, 4), lambda: layers.Conv2D(
        6, (3, 2), strides=(2, 1), padding="same", groups=2, activation="tanh", use_bias=False, kernel_initializer="he_normal",
        kernel_regularizer="l2", activity_regularizer=regularizers.L1(0.5), kernel_constraint=constraints.MaxNorm(2.0, axis=[0, 1, 2]))),
    "Conv2D with channels first": ((3, 6, 7), lambda: layers.Conv2D(4, 3, padding="same", data_format="channels_first")),
    "Conv3D": ((4, 5, 6, 2), lambda: layers.Conv3D(3, (2, 3, 2), dilation_rate=(1, 2, 1))),
    "Conv1DTranspose": ((5, 3), lambda: layers.Conv1DTranspose(4, 3, strides=2, padding="same")),
    "Conv1DTranspose with a hole": ((5, 3), lambda: layers.Conv1DTranspose(4, 2, strides=3)),
    "Conv2DTranspose": ((4, 5, 3), lambda: layers.Conv2DTranspose(2, 3)),
    "Conv2DTranspose with all": ((4, 5, 3), lambda: layers.Conv2DTranspose(
        2, (3, 4), strides=(2, 3), padding="same", output_padding=(1, 0), activation="relu", kernel_constraint="non_neg")),
    "Conv2DTranspose dilated": ((4, 5, 3), lambda: layers.Conv2DTranspose(2, 3, dilation_rate=2, padding="same")),
    "Conv3DTranspose": ((3, 4, 3, 2), lambda: layers.Conv3DTranspose(3, 2, strides=(1, 2, 2))),
    "DepthwiseConv1D": ((8, 3), lambda: layers.DepthwiseConv1D(3, strides=2, padding="same")),
    "DepthwiseConv2D": ((6, 7, 3), lambda: layers.DepthwiseConv2D(3)),
    "DepthwiseConv2D with all": ((6, 7, 3), lambda: layers.DepthwiseConv2D(
        (3, 2), padding="same", depth_multiplier=2, dilation_rate=(2, 1), activation="relu", depthwise_initializer="he_uniform",
        depthwise_regularizer="l2", bias_regularizer="l2", depthwise_constraint="non_neg", bias_initializer="ones")),
    "SeparableConv1D": ((8, 3), lambda: layers.SeparableConv1D(4, 3)),
    "SeparableConv2D with all": ((6, 7, 3), lambda: layers.SeparableConv2D(
        4, 3, strides=2, padding="same", depth_multiplier=2, activation="elu", use_bias=False, pointwise_initializer="he_normal",
        pointwise_regularizer="l2", pointwise_constraint="unit_norm")),
    "SeparableConv2D": ((6, 7, 3), lambda: layers.SeparableConv2D(4, 3)),
    "BatchNormalization": ((4,), lambda: layers.BatchNormalization()),
    "BatchNormalization with all": ((3, 4), lambda: layers.BatchNormalization(
        axis=1, momentum=0.5, epsilon=0.25, beta_initializer="ones", gamma_initializer=initializers.Constant(0.5), beta_regularizer="l1",
        gamma_regularizer=regularizers.L2(0.5), beta_constraint="non_neg", gamma_constraint=constraints.MaxNorm(0.5),
        moving_mean_initializer=initializers.Constant(0.25), moving_variance_initializer=initializers.Constant(2.0))),
    "BatchNormalization alone": ((3, 2, 4), lambda: layers.BatchNormalization(center=False, scale=False)),
    "BatchNormalization that is frozen": ((4,), lambda: layers.BatchNormalization(trainable=False)),
    "BatchNormalization of masked steps": ((3, 4), lambda: keras.Sequential([layers.ReLU(threshold=0.5), layers.Masking(), layers.BatchNormalization(momentum=0.5)])),
    "BatchNormalization with renorm": ((4,), lambda: layers.BatchNormalization(
        renorm=True, renorm_clipping={"rmax": 1.5, "rmin": 0.75, "dmax": 0.25}, renorm_momentum=0.5,
        moving_variance_initializer=initializers.Constant(4.0))),
    "BatchNormalization with renorm alone": ((4,), lambda: layers.BatchNormalization(renorm=True, center=False, scale=False)),
    "LayerNormalization": ((4,), lambda: layers.LayerNormalization()),
    "LayerNormalization with all": ((3, 2, 4), lambda: layers.LayerNormalization(
        axis=[3, 1], epsilon=0.25, beta_initializer="ones", gamma_initializer=initializers.Constant(0.5), beta_regularizer="l1",
        gamma_regularizer=regularizers.L2(0.5), beta_constraint="non_neg", gamma_constraint=constraints.MaxNorm(0.5))),
    "LayerNormalization alone": ((3, 4), lambda: layers.LayerNormalization(axis=[1, 2], center=False, scale=False)),
    "LayerNormalization by the variance": ((4,), lambda: layers.LayerNormalization(rms_scaling=True)),
    "GroupNormalization": ((3, 2, 4), lambda: layers.GroupNormalization(2)),
    "GroupNormalization with all": ((4, 3), lambda: layers.GroupNormalization(
        groups=2, axis=1, epsilon=0.25, beta_initializer="ones", gamma_initializer=initializers.Constant(0.5), beta_regularizer="l1",
        gamma_regularizer=regularizers.L2(0.5), beta_constraint="non_neg", gamma_constraint=constraints.MaxNorm(0.5))),
    "GroupNormalization alone": ((4,), lambda: layers.GroupNormalization(1, center=False, scale=False)),
    "GroupNormalization of channels": ((3, 4), lambda: layers.GroupNormalization(-1)),
    "RMSNormalization": ((4,), lambda: layers.RMSNormalization()),
    "RMSNormalization over axes": ((3, 4), lambda: layers.RMSNormalization(axis=[2, 1], epsilon=0.25)),
    "UnitNormalization": ((4,), lambda: layers.UnitNormalization()),
    "UnitNormalization over axes": ((3, 4), lambda: layers.UnitNormalization(axis=[1, 2])),
    "Embedding": ((4,), lambda: keras.Sequential([layers.ReLU(max_value=5.9), layers.Embedding(6, 3)])),
    "Embedding with all": ((4,), lambda: keras.Sequential([layers.ReLU(max_value=5.9), layers.Embedding(
        6, 3, embeddings_initializer="glorot_normal", embeddings_regularizer="l2", embeddings_constraint="unit_norm", mask_zero=True)])),
    "ReversibleEmbedding": ((4,), lambda: keras.Sequential([layers.ReLU(max_value=5.9), layers.ReversibleEmbedding(6, 3, mask_zero=True)])),
    "EinsumDense": ((3, 4), lambda: layers.EinsumDense("abc,cd->abd", output_shape=(3, 5))),
    "EinsumDense with all": ((3, 4), lambda: layers.EinsumDense(
        "...x,xyz->...yz", output_shape=(2, 3), activation="tanh", bias_axes="z", kernel_initializer="he_normal", bias_initializer="ones",
        kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer="l2", kernel_constraint="non_neg", bias_constraint="non_neg")),
    "LayerScale": ((3, 4), lambda: LayerScale(0.25, 4)),
    "Normalization": ((4,), lambda: layers.Normalization()),
    "Normalization by moments": ((3, 2), lambda: layers.Normalization(axis=(1, -1), mean=[1.5, 2.5], variance=[4.0, 0.25], invert=True)),
    "Normalization by one mean": ((4,), lambda: layers.Normalization(axis=None, mean=0.5, variance=2.0)),
    "Normalization of all": ((2, 3), lambda: layers.Normalization(axis=None)),
    "SpectralNormalization": ((4,), lambda: layers.SpectralNormalization(layers.Dense(3, activation="tanh"), power_iterations=2)),
    "RandomFlip": ((4, 5, 3), lambda: layers.RandomFlip()),
    "RandomFlip with all": ((3, 4, 5), lambda: layers.RandomFlip("vertical", seed=3, data_format="channels_first", bounding_box_format="rel_xyxy")),
    "RandomBrightness": ((4, 5, 3), lambda: layers.RandomBrightness(0.25)),
    "RandomBrightness with all": ((3, 4, 5), lambda: layers.RandomBrightness(
        [-0.5, 0.25], value_range=(0.5, 1), seed=3, data_format="channels_first", bounding_box_format="xywh")),
    "RandomContrast": ((4, 5, 3), lambda: layers.RandomContrast(0.25)),
    "RandomContrast with all": ((4, 5, 3), lambda: layers.RandomContrast([0.5, 0.25], value_range=(0, 1), seed=3)),
    "RandomHue": ((4, 5, 3), lambda: layers.RandomHue(0.25)),
    "RandomHue with all": ((3, 4, 5), lambda: layers.RandomHue([0.5, 0.25], value_range=(0, 1), seed=3, data_format="channels_first")),
    "RandomSaturation": ((4, 5, 3), lambda: layers.RandomSaturation(0.25)),
    "RandomSaturation with all": ((3, 4, 5), lambda: layers.RandomSaturation(
        [0.5, 0.25], value_range=(0, 1), seed=3, data_format="channels_first")),
    "RandomColorJitter": ((4, 5, 3), lambda: layers.RandomColorJitter()),
    "RandomColorJitter with all": ((4, 5, 3), lambda: layers.RandomColorJitter(
        value_range=(0, 1), brightness_factor=0.5, contrast_factor=[0.25, 0.5], saturation_factor=(0.125, 0.25), hue_factor=0.75, seed=3)),
    "RandomColorDegeneration": ((4, 5, 3), lambda: layers.RandomColorDegeneration(0.25)),
    "RandomColorDegeneration with all": ((3, 4, 5), lambda: layers.RandomColorDegeneration(
        [0.5, 0.25], value_range=(0, 1), seed=3, data_format="channels_first")),
    "RandomGrayscale": ((4, 5, 3), lambda: layers.RandomGrayscale()),
    "RandomGrayscale with all": ((3, 4, 5), lambda: layers.RandomGrayscale(0.25, data_format="channels_first", seed=3)),
    "RandomInvert": ((4, 5, 3), lambda: layers.RandomInvert()),
    "RandomInvert with all": ((3, 4, 5), lambda: layers.RandomInvert([0.5, 0.25], value_range=(0, 1), seed=3, data_format="channels_first")),
    "RandomPosterization": ((4, 5, 3), lambda: layers.RandomPosterization(4)),
    "RandomPosterization with all": ((3, 4, 5), lambda: layers.RandomPosterization(
        [5, 3], value_range=(0, 1), seed=3, data_format="channels_first")),
    "Solarization": ((4, 5, 3), lambda: layers.Solarization()),
    "Solarization with all": ((3, 4, 5), lambda: layers.Solarization(
        addition_factor=0.25, threshold_factor=[0.5, 0.25], value_range=(0, 1), seed=3, data_format="channels_first")),
    "RandomSharpness": ((4, 5, 3), lambda: layers.RandomSharpness(0.25)),
    "RandomSharpness with all": ((3, 4, 5), lambda: layers.RandomSharpness(
        [0.5, 0.25], value_range=(0, 1), seed=3, data_format="channels_first")),
    "RandomGaussianBlur": ((4, 5, 3), lambda: layers.RandomGaussianBlur()),
    "RandomGaussianBlur with all": ((3, 4, 5), lambda: layers.RandomGaussianBlur(
        [0.5, 0.25], kernel_size=[5, 3], sigma=[0.25, 0.5], value_range=(0, 1), seed=3, data_format="channels_first")),
    "AutoContrast": ((4, 5, 3), lambda: layers.AutoContrast()),
    "AutoContrast with all": ((4, 5, 3), lambda: layers.AutoContrast(value_range=(0, 1), bounding_box_format="xyxy")),
    "RandomRotation": ((4, 5, 3), lambda: layers.RandomRotation(0.25)),
    "RandomRotation with all": ((3, 4, 5), lambda: layers.RandomRotation(
        (-0.1, 0.3), fill_mode="constant", interpolation="nearest", seed=3, fill_value=2.0, data_format="channels_first")),
    "RandomZoom": ((4, 5, 3), lambda: layers.RandomZoom(0.25)),
    "RandomZoom with all": ((4, 5, 3), lambda: layers.RandomZoom((-0.1, 0.3), 0.5, fill_mode="wrap", interpolation="nearest", seed=3)),
    "RandomTranslation": ((4, 5, 3), lambda: layers.RandomTranslation(0.25, (0.0, 0.5), fill_mode="nearest", bounding_box_format="xywh")),
    "RandomShear": ((4, 5, 3), lambda: layers.RandomShear((0.0, 0.25), (0.125, 0.5), fill_mode="reflect")),
    "Resizing": ((4, 5, 3), lambda: layers.Resizing(2, 3)),
    "Resizing with all": ((3, 4, 5), lambda: layers.Resizing(
        2, 3, interpolation="bicubic", pad_to_aspect_ratio=True, fill_value=0.5, antialias=True, data_format="channels_first",
        bounding_box_format="rel_xyxy")),
    "Resizing that crops": ((4, 5, 3), lambda: layers.Resizing(2, 3, interpolation="lanczos5", crop_to_aspect_ratio=True)),
    "RandAugment": ((4, 5, 3), lambda: layers.RandAugment()),
    "RandAugment with all": ((3, 4, 5), lambda: layers.RandAugment(
        value_range=(0, 1), num_ops=3, factor=[0.25, 0.75], interpolation="nearest", seed=3, data_format="channels_first")),
    "AugMix": ((4, 5, 3), lambda: layers.AugMix()),
    "AugMix with all": ((3, 4, 5), lambda: layers.AugMix(
        value_range=(0, 1), num_chains=2, chain_depth=4, factor=[0.25, 0.75], alpha=0.5, all_ops=False, interpolation="nearest", seed=3,
        data_format="channels_first")),
    "CenterCrop": ((4, 5, 3), lambda: layers.CenterCrop(2, 3)),
    "CenterCrop with all": ((3, 4, 5), lambda: layers.CenterCrop(2, 3, data_format="channels_first", bounding_box_format="xyxy")),
    "RandomCrop": ((4, 5, 3), lambda: layers.RandomCrop(2, 3, seed=3)),
    "RandomPerspective": ((4, 5, 3), lambda: layers.RandomPerspective()),
    "RandomPerspective with all": ((3, 4, 5), lambda: layers.RandomPerspective(
        (0.25, 0.5), scale=0.5, interpolation="nearest", fill_value=2.0, seed=3, data_format="channels_first")),
    "RandomElasticTransform": ((4, 5, 3), lambda: layers.RandomElasticTransform()),
    "RandomElasticTransform with all": ((3, 4, 5), lambda: layers.RandomElasticTransform(
        0.5, scale=(0.25, 0.5), interpolation="nearest", fill_mode="mirror", fill_value=2.0, value_range=(0, 1), seed=3, data_format="channels_first")),
    "RandomErasing": ((4, 5, 3), lambda: layers.RandomErasing()),
    "RandomErasing with all": ((4, 5, 3), lambda: layers.RandomErasing(
        (0.25, 0.5), scale=(0.125, 0.25), fill_value=[0.0, 0.5, 1.0], value_range=(0, 1), seed=3)),
    "MixUp": ((4, 5, 3), lambda: layers.MixUp(0.5, data_format="channels_last", seed=3)),
    "CutMix": ((4, 5, 3), lambda: layers.CutMix((0.25, 0.5), seed=3)),
    "MaxNumBoundingBoxes": ((4, 5, 3), lambda: layers.MaxNumBoundingBoxes(5)),
    "Pipeline": ((4, 5, 3), lambda: layers.Pipeline([layers.RandomFlip("vertical"), layers.RandomZoom(0.25), layers.CenterCrop(2, 2)], name="augment")),
    "Rescaling with arrays": ((4, 5, 3), lambda: layers.Rescaling([0.5, 0.25, 2.0], offset=[-1.0, 0.0, 1.0])),
}

# Layers that go through sequences.
RECURRENT = {
    "SimpleRNN": ((5, 4), lambda: layers.SimpleRNN(3)),
    "SimpleRNN with all": ((5, 4), lambda: layers.SimpleRNN(
        3, activation="relu", use_bias=False, kernel_initializer="he_normal", recurrent_initializer=initializers.Orthogonal(0.5, seed=3),
        kernel_regularizer="l2", recurrent_regularizer=regularizers.L1(0.5), activity_regularizer="l1", kernel_constraint="non_neg",
        recurrent_constraint=constraints.MaxNorm(0.5), dropout=0.25, recurrent_dropout=0.5, return_sequences=True, go_backwards=True, unroll=True,
        zero_output_for_mask=True, seed=3)),
    "LSTM": ((5, 4), lambda: layers.LSTM(3)),
    "LSTM with all": ((5, 4), lambda: layers.LSTM(
        3, activation="relu", recurrent_activation="hard_sigmoid", unit_forget_bias=False, bias_initializer="ones", bias_regularizer="l2",
        bias_constraint="non_neg", dropout=0.25, recurrent_dropout=0.5, return_sequences=True, seed=3)),
    "LSTM of masked steps": ((5, 4), lambda: keras.Sequential([layers.ReLU(threshold=0.5), layers.Masking(), layers.LSTM(3)])),
    "GRU": ((5, 4), lambda: layers.GRU(3)),
    "GRU with all": ((5, 4), lambda: layers.GRU(3, reset_after=False, recurrent_activation="relu", kernel_regularizer="l1", return_sequences=True)),
    "RNN": ((5, 4), lambda: layers.RNN(layers.LSTMCell(3))),
    "RNN with all": ((5, 4), lambda: layers.RNN(
        [layers.SimpleRNNCell(3, activation="relu"), layers.LSTMCell(2, unit_forget_bias=False), layers.LSTMCell(4), layers.GRUCell(2, reset_after=False, name="last")],
        return_sequences=True, go_backwards=True)),
    "Bidirectional": ((5, 4), lambda: layers.Bidirectional(layers.LSTM(3))),
    "Bidirectional with all": ((5, 4), lambda: layers.Bidirectional(
        layers.GRU(3, return_sequences=True, name="g"), merge_mode="ave", backward_layer=layers.LSTM(3, return_sequences=True, go_backwards=True))),
    "Bidirectional of cells": ((5, 4), lambda: layers.Bidirectional(layers.RNN(layers.GRUCell(3)), merge_mode="mul")),
    "TimeDistributed": ((5, 4), lambda: layers.TimeDistributed(layers.Dense(3, activation="relu"))),
    "TimeDistributed chain": ((5, 4, 2), lambda: layers.TimeDistributed(keras.Sequential([layers.Flatten(), layers.Dense(3)]))),
    "ConvLSTM1D": ((3, 5, 2), lambda: layers.ConvLSTM1D(3, 2)),
    "ConvLSTM2D": ((3, 5, 4, 2), lambda: layers.ConvLSTM2D(3, 2)),
    "ConvLSTM2D with all": ((3, 5, 4, 2), lambda: layers.ConvLSTM2D(
        3, (2, 3), strides=(1, 2), padding="same", activation="relu", recurrent_activation="hard_sigmoid", unit_forget_bias=False,
        kernel_regularizer="l2", dropout=0.25, recurrent_dropout=0.5, return_sequences=True)),
    "ConvLSTM3D": ((2, 3, 4, 3, 2), lambda: layers.ConvLSTM3D(2, 2, padding="same")),
}

INITIALIZERS = [
    initializers.Zeros(), initializers.Ones(), initializers.Constant(0.5), initializers.RandomNormal(0.5, 0.25, seed=1),
    initializers.TruncatedNormal(), initializers.RandomUniform(-1.0, 2.0), initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal"),
    initializers.GlorotUniform(seed=3), initializers.GlorotNormal(), initializers.HeUniform(), initializers.HeNormal(),
    initializers.LecunUniform(), initializers.LecunNormal(), initializers.Identity(), initializers.Orthogonal(2.0, seed=3),
]

STFTS = [initializers.STFT(), initializers.STFT("imag", "hamming", None, True), initializers.STFT(window=None)]

REGULARIZERS = [
    regularizers.L1(), regularizers.L2(0.5), regularizers.L1L2(0.25, 0.5), regularizers.OrthogonalRegularizer(0.25, "columns"),
]

CONSTRAINTS = [
    constraints.Constraint(), constraints.MaxNorm(), constraints.MinMaxNorm(0.5, 1.5, 0.25), constraints.NonNeg(), constraints.UnitNorm(axis=1),
]

LOSSES = [
    losses.MeanSquaredError(), losses.MeanAbsoluteError(reduction="sum", name="mine"), losses.BinaryCrossentropy(from_logits=True),
    losses.CategoricalCrossentropy(label_smoothing=0.25), losses.SparseCategoricalCrossentropy(ignore_class=2, reduction=None),
    losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
    losses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.75, gamma=1.5, from_logits=True),
    losses.CategoricalFocalCrossentropy(alpha=[0.25, 0.5], gamma=1.5, axis=1), losses.CategoricalCrossentropy(axis=1),
    losses.CategoricalGeneralizedCrossEntropy(q=0.25), losses.CategoricalHinge(), losses.Circle(gamma=40.0, margin=0.25, remove_diagonal=False),
    losses.CosineSimilarity(), losses.CTC(), losses.Dice(), losses.Dice(axis=[0, 1]), losses.Hinge(), losses.Huber(), losses.KLDivergence(), losses.LogCosh(),
    losses.MeanAbsolutePercentageError(), losses.MeanSquaredLogarithmicError(), losses.Poisson(), losses.SquaredHinge(),
    losses.Tversky(alpha=0.25, beta=0.75), "kld", "mape", "msle", losses.kl_divergence, losses.huber, losses.log_cosh, losses.cosine_similarity,
    "mse", "binary_crossentropy", "SparseCategoricalCrossentropy", losses.mean_absolute_error,
]

METRICS = [
    "accuracy", "acc", "mse", "sparse_categorical_accuracy", metrics.binary_accuracy, metrics.mean_squared_error,
    metrics.BinaryAccuracy(threshold=0.25), metrics.CategoricalAccuracy(name="mine"), metrics.SparseCategoricalAccuracy(),
    metrics.TopKCategoricalAccuracy(k=3), metrics.SparseTopKCategoricalAccuracy(), metrics.F1Score(average="micro", threshold=0.5),
    metrics.FBetaScore(beta=2.0), metrics.Precision(thresholds=[0.25, 0.75]), metrics.Recall(thresholds=0.25, top_k=2, class_id=1),
    metrics.TruePositives(), metrics.TrueNegatives(thresholds=0.25), metrics.FalsePositives(), metrics.FalseNegatives(),
    metrics.MeanSquaredError(), metrics.MeanAbsoluteError(), metrics.BinaryCrossentropy(from_logits=True),
    metrics.CategoricalCrossentropy(label_smoothing=0.25), metrics.SparseCategoricalCrossentropy(ignore_class=1),
    metrics.MeanMetricWrapper(metrics.categorical_accuracy, name="wrapped"),
]

schedules = optimizers.schedules
OPTIMIZERS = [
    optimizers.SGD(0.25), optimizers.SGD(0.25, momentum=0.5, nesterov=True, clipvalue=0.5, name="mine"),
    optimizers.Adam(), optimizers.Adam(0.5, beta_1=0.5, beta_2=0.75, epsilon=0.125, amsgrad=True, weight_decay=0.25, clipnorm=0.5),
    optimizers.AdamW(global_clipnorm=0.5), optimizers.RMSprop(rho=0.5, momentum=0.25, centered=True),
    optimizers.SGD(schedules.ExponentialDecay(0.5, 10, 0.75, staircase=True)), optimizers.SGD(schedules.InverseTimeDecay(0.5, 10, 0.75)),
    optimizers.SGD(schedules.CosineDecay(0.0, 10, alpha=0.25, warmup_target=0.5, warmup_steps=3)),
    optimizers.SGD(schedules.CosineDecayRestarts(0.5, 10, t_mul=3.0, m_mul=0.5, alpha=0.25)),
    optimizers.SGD(schedules.PiecewiseConstantDecay([1, 5], [0.5, 0.25, 0.125])),
    optimizers.SGD(schedules.PolynomialDecay(0.5, 10, end_learning_rate=0.0, power=2.0, cycle=True)),
    optimizers.Adadelta(0.5, rho=0.5, epsilon=0.125, weight_decay=0.25), optimizers.Adagrad(0.5, initial_accumulator_value=0.25, epsilon=0.125),
    optimizers.Adafactor(0.5, beta_2_decay=-0.5, epsilon_1=0.25, epsilon_2=0.5, clip_threshold=2.0, relative_step=False),
    optimizers.Adamax(0.5, beta_1=0.5, beta_2=0.75, epsilon=0.125), optimizers.Nadam(0.5, beta_1=0.5, beta_2=0.75, epsilon=0.125),
    optimizers.Ftrl(0.5, learning_rate_power=-0.25, initial_accumulator_value=0.25, l1_regularization_strength=0.5, l2_regularization_strength=0.75,
                    l2_shrinkage_regularization_strength=0.125, beta=0.375),
    optimizers.Lamb(0.5, beta_1=0.5, beta_2=0.75, epsilon=0.125), optimizers.Lion(0.5, beta_1=0.5, beta_2=0.75, weight_decay=0.25), optimizers.Muon(),
    optimizers.Muon(0.5, adam_beta_1=0.5, adam_beta_2=0.75, adam_weight_decay=0.25, epsilon=0.125, weight_decay=0.5, exclude_layers=["out", "last.*"],
                    exclude_embeddings=False, muon_a=3.0, muon_b=-2.0, muon_c=0.5, adam_lr_ratio=0.5, momentum=0.5, ns_steps=3, nesterov=False,
                    rms_rate=None),
    optimizers.Muon(weight_decay=None, adam_weight_decay=None),
    optimizers.ScheduleFreeAdamW(0.5, beta_1=0.5, beta_2=0.75, epsilon=0.125, warmup_steps=3),
    optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3, loss_scale_factor=4.0, gradient_accumulation_steps=2),
    optimizers.LossScaleOptimizer(optimizers.Adam(0.5), initial_scale=4.0, dynamic_growth_steps=3),
    optimizers.MultiOptimizer(optimizers.OptimizerMap(
        optimizers.SGD(0.5, name="rest"), {"z/.*": optimizers.Lion(0.25), "a/.*": optimizers.Adam(schedules.ExponentialDecay(0.5, 10, 0.75))})),
]


def model(shape, *inside, dtype=None, **compiled):
    m = keras.Sequential([keras.Input(shape, dtype=dtype), *inside])
    if compiled:
        m.compile(**{"loss": "mse", "optimizer": "sgd", **compiled})
    return m


def label(x):
    return getattr(x, "__name__", x if isinstance(x, str) else type(x).__name__)


# Layers that merge two inputs of shape (3, 4).
MERGES = {
    "Add": lambda: layers.Add(), "Average": lambda: layers.Average(), "Concatenate": lambda: layers.Concatenate(),
    "Concatenate along an axis": lambda: layers.Concatenate(axis=1, name="joined"), "Dot": lambda: layers.Dot(axes=(1, -2)),
    "Dot normalized": lambda: layers.Dot(2, normalize=True), "Maximum": lambda: layers.Maximum(), "Minimum": lambda: layers.Minimum(),
    "Attention": lambda: layers.Attention(), "Attention with Dropout and all": lambda: layers.Attention(use_scale=True, score_mode="concat", dropout=0.25),
    "Attention of masked values": lambda: lambda ab: layers.Attention()([masked(x) for x in ab], use_causal_mask=True),
    "Attention with a scale": lambda: lambda ab: layers.Attention(use_scale=True)(ab, use_causal_mask=True),
    "Attention with scores": lambda: lambda ab: layers.Concatenate()(list(layers.Attention()(ab, return_attention_scores=True))),
    "AdditiveAttention": lambda: layers.AdditiveAttention(),
    "AdditiveAttention with Dropout and all": lambda: lambda ab: layers.AdditiveAttention(use_scale=False, dropout=0.25)(ab, use_causal_mask=True),
    "MultiHeadAttention": lambda: lambda ab: layers.MultiHeadAttention(2, 3)(*ab),
    "MultiHeadAttention with Dropout and all": lambda: lambda ab: layers.MultiHeadAttention(
        2, 3, value_dim=3, dropout=0.25, use_bias=False, output_shape=5, attention_axes=1, sliding_window=2, kernel_initializer="he_normal",
        kernel_regularizer="l2", activity_regularizer="l2", kernel_constraint="unit_norm", use_gate=True)(ab[0], ab[1], ab[0], use_causal_mask=True),
    "MultiHeadAttention of masked values": lambda: lambda ab: layers.MultiHeadAttention(2, 3)(*[masked(x) for x in ab], use_causal_mask=True),
    "MultiHeadAttention with a mask": lambda: lambda ab: layers.MultiHeadAttention(2, 3)(*ab, attention_mask=layers.ReLU()(ab[0][:, :, :3])),
    "MultiHeadAttention with scores": lambda: lambda ab: layers.Concatenate()(
        [layers.Flatten()(x) for x in layers.MultiHeadAttention(2, 3)(*ab, return_attention_scores=True)]),
    "MultiHeadAttention of rows and columns": lambda: lambda ab: layers.MultiHeadAttention(2, 3)(*[layers.Reshape((3, 2, 2))(x) for x in ab]),
    "GroupQueryAttention": lambda: lambda ab: layers.GroupQueryAttention(3, 4, 2)(*ab),
    "GroupQueryAttention with Dropout and all": lambda: lambda ab: layers.GroupQueryAttention(
        3, 4, 2, dropout=0.25, use_bias=False, sliding_window=2, bias_regularizer="l2", kernel_constraint="unit_norm", use_gate=True)(
        *[masked(x) for x in ab], use_causal_mask=True),
    "GroupQueryAttention of masked values": lambda: lambda ab: layers.GroupQueryAttention(3, 4, 2)(*[masked(x) for x in ab]),
    "ReversibleEmbedding in reverse": lambda: lambda ab: in_reverse(layers.ReversibleEmbedding(6, 3, tie_weights=False, logit_soft_cap=2.0), ab),
    "ReversibleEmbedding that is tied": lambda: lambda ab: in_reverse(layers.ReversibleEmbedding(6, 3, reverse_dtype="float32"), ab),
    "CustomScaleLayer": lambda: CustomScaleLayer(0.25), "Multiply": lambda: layers.Multiply(), "Subtract": lambda: layers.Subtract(),
}


def masked(x):
    """Steps, some of which are masked."""
    return layers.Masking()(layers.ReLU(threshold=0.5)(x))


def in_reverse(layer, ab):
    """Logits of the vectors of tokens."""
    return layer(layer(layers.ReLU(max_value=5.9)(ab[0])), reverse=True)


def merged(layer):
    a, b = keras.Input((3, 4), name="a"), keras.Input((3, 4), name="b")
    return keras.Model([a, b], layer([a, b]))


def graph():
    """A model of two inputs and outputs, with a layer that is shared, a model with two
    outputs, a chain, and an input that nothing depends on."""
    a, b, unused = keras.Input((4,), name="a"), keras.Input((3,), name="b"), keras.Input((2,), name="unused")
    shared = layers.Dense(5, activation="tanh", name="shared")
    chain = keras.Sequential([keras.Input((4,)), layers.Dense(4, activation="tanh")], name="chain")
    x = keras.Input((5,), name="inner_x")
    inner = keras.Model(x, [layers.Dense(2)(x), layers.Dense(5)(x)], name="inner")
    p, q = inner(shared(chain(a)))
    r = layers.Add()([layers.Concatenate()([p, b]), q])
    one = layers.Dense(3, activation="softmax", name="one")(shared(layers.Dense(4)(r)))
    two = layers.Dense(3, activation="softmax", name="two")(layers.Dot(1)([p, p]))
    return keras.Model([a, unused, b], [two, one], name="graph")


def straight():
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(3, activation="softmax")(layers.Dense(4, activation="tanh")(x)))


def cases():
    for name, layer in MERGES.items():
        yield "layer " + name, merged(layer())
    yield "graph", graph()
    m = graph()
    m.compile("sgd", ["categorical_crossentropy", "mse"], loss_weights=[0.5, 2.0], metrics=[["accuracy"], []], weighted_metrics=[[], ["mae"]])
    yield "graph that is compiled", m
    yield "graph without forks", straight()
    for name, (shape, layer) in LAYERS.items():
        yield "layer " + name, model(shape, layer())
    yield "input of pixels", model((2, 2), layers.Rescaling(1 / 255), layers.Flatten(), dtype="uint8")
    yield "float64", model((4,), layers.Dense(2, dtype="float64"), layers.Softmax(dtype="float64"))
    yield "without input", keras.Sequential([layers.Dense(2, name="d")], name="open")
    # Keras 3.15.1 refuses an Equalization in a model whose input it knows: as part of a cycle.
    yield "layer Equalization", keras.Sequential([layers.Equalization()])
    yield "layer Equalization with all", keras.Sequential([layers.Equalization(value_range=(0, 1), bins=16, data_format="channels_first")])
    for name in ACTIVATIONS:
        yield "activation " + name, model((4,), layers.Dense(2, activation=name))
    for i in INITIALIZERS:
        yield "initializer " + label(i), model((4,), layers.Dense(2, kernel_initializer=i))
    for i in STFTS:
        yield "initializer " + label(i), model((4, 1, 5), layers.PReLU(alpha_initializer=i))
    for r in REGULARIZERS:
        yield "regularizer " + label(r), model((4,), layers.Dense(2, kernel_regularizer=r))
    for x in CONSTRAINTS:
        yield "constraint " + label(x), model((4,), layers.Dense(2, kernel_constraint=x))
    for x in LOSSES:
        yield "loss " + label(x), model((4,), layers.Dense(2), loss=x)
    for x in METRICS:
        yield "metric " + label(x), model((4,), layers.Dense(2), metrics=[x])
    for x in OPTIMIZERS:
        yield "optimizer " + label(x), model((4,), layers.Dense(2), optimizer=x)
    yield from recurrent()


def recurrent():
    for name, (shape, layer) in RECURRENT.items():
        yield "layer " + name, model(shape, layer())
    x, y, z = keras.Input((5, 4)), keras.Input((3,)), keras.Input((3,))
    yield "states among inputs and outputs", keras.Model([x, y, z], layers.LSTM(3, return_state=True)(x, initial_state=[y, z]))
    yield "state that is an input", keras.Model([x, y], layers.GRU(3)(x, initial_state=y))
    first, *states = layers.LSTM(3, return_sequences=True, return_state=True)(x)
    yield "states from one layer to another", keras.Model(x, layers.LSTM(3)(first, initial_state=states))
    yield "states of both directions", keras.Model([x, y, z], layers.Bidirectional(layers.GRU(3, return_state=True), merge_mode=None)(x, initial_state=[y, z]))
    yield "stateful", keras.Sequential([keras.Input(batch_shape=(2, 5, 4)), layers.LSTM(3, stateful=True, return_sequences=True), layers.GRU(2, stateful=True)])


def write(path):
    keras.utils.clear_session()
    with open(path, "w") as f:
        rows = [json.dumps({"name": n, "object": keras.saving.serialize_keras_object(m)}) for n, m in cases()]
        f.write("[\n" + ",\n".join(rows) + "\n]\n")


def meaning(o):
    """What Keras makes of an object, with losses and metrics resolved."""
    m = keras.saving.deserialize_keras_object(o)
    d = json.loads(json.dumps(keras.saving.serialize_keras_object(m)))
    c = d.get("compile_config") or {}
    if c:
        def loss(x):  # losses.get does not know all classes
            return resolved(x if isinstance(x, dict) else losses.get(x))

        names = getattr(m, "output_names", [])
        c["loss"] = [loss(x) for x in c["loss"]] if isinstance(c["loss"], list) else loss(c["loss"])
        for key in ("metrics", "weighted_metrics"):
            c[key] = [[resolved(x) for x in some or []] for some in per_output(c[key], names)]
    # Keras keeps the shape of what has a method build; the name of an input says nothing.
    def strip(x):
        if isinstance(x, dict):
            x = {k: strip(v) for k, v in x.items() if k not in ("build_config", "shared_object_id")}
            if x.get("class_name") == "InputLayer":
                x["config"].pop("name")
            if str(x.get("module")).startswith("keras.layers") and isinstance(x.get("config"), dict):
                x["config"].pop("seed", None)  # glia has none for a layer
            if str(x.get("module")) == "keras.optimizers.schedules":
                x["config"].pop("name")
        elif isinstance(x, list):
            x = [strip(v) for v in x]
        elif isinstance(x, (int, float)) and not isinstance(x, bool):
            x = float(x)
        return x
    return strip(d)


def per_output(x, names):
    """Lists of metrics, one for each output."""
    if isinstance(x, dict):
        return [x.get(n, []) for n in names]
    if len(names) > 1:
        return x or [[] for _ in names]
    return [x or []]


def resolved(x):
    """A name for the rule, and the settings that are not defaults."""
    if x in ("acc", "accuracy"):  # what these are follows from shapes
        return [x]
    if isinstance(x, dict):
        x = keras.saving.deserialize_keras_object(x)
    elif isinstance(x, str):
        x = metrics.get(x)
    if callable(x) and not hasattr(x, "get_config"):
        return [x.__name__, {}]
    config = {k: v for k, v in x.get_config().items() if k not in ("name", "dtype")}
    if config.get("reduction") == "none":
        config["reduction"] = None
    if "fn" in config:
        return [config["fn"]["config"], {}]
    defaults = {} if type(x).__name__ == "FBetaScore" else type(x)().get_config()
    return [keras.src.utils.naming.to_snake_case(type(x).__name__), {k: v for k, v in config.items() if v != defaults.get(k)}]


def compare(path, out):
    """Reads [{name, want, got}] from path and writes the names of those that Keras
    takes for different, and why. Without want it says whether Keras takes got, and
    returns what Keras makes of it."""
    bad = []
    for row in json.load(open(path)):
        try:
            got = meaning(row["got"])
            if row.get("want") is not None:
                want = meaning(row["want"])
                if want != got:
                    bad.append({"name": row["name"], "why": f"want {json.dumps(want)}\n got {json.dumps(got)}"})
            else:
                again = json.loads(json.dumps(keras.saving.serialize_keras_object(keras.saving.deserialize_keras_object(row["got"]))))
                bad.append({"name": row["name"], "object": again})
        except Exception as e:
            bad.append({"name": row["name"], "why": f"{type(e).__name__}: {e}"})
    json.dump(bad, open(out, "w"))


if __name__ == "__main__":
    if len(sys.argv) == 2:
        write(sys.argv[1])
    else:
        compare(*sys.argv[1:])
